//! The API's description of itself (OpenAPI 3.1), made of the routes and types that serve it, and
//! frozen in `docs/openapi.json` by a test.

use utoipa::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::counters::ApiCounters;
use super::problem::Document;
use super::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringproof",
        description = "Proves that a person holds a phone number with flash calls and missed calls over a SIP \
                       trunk.",
    ),
    components(schemas(Document)),
    tags(
        (name = "verifications", description = "Start, check, repeat, cancel and read them."),
        (name = "calls", description = "The calls behind them, and their SIP messages."),
        (name = "missed calls", description = "Who has rung the gateway's own numbers."),
        (name = "events", description = "What happens, as it happens."),
        (name = "webhooks", description = "Who is told of ends, and was not reached."),
        (name = "operations", description = "The gateway itself."),
    ),
)]
struct Frame;

/// The document, as text.
///
/// # Panics
///
/// Never: the document is made of strings and numbers.
pub fn document() -> String {
    let mut api = Frame::openapi();
    api.merge(routes::all().into_openapi());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key. On TCP only: the Unix socket needs none."))
        .build();
    if let Some(components) = &mut api.components {
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
    }
    let mut text = serde_json::to_string_pretty(&api).unwrap_or_default();
    text.push('\n');
    text
}

/// Every method and path.
pub(super) fn endpoints() -> Vec<(String, String)> {
    let api = routes::all().into_openapi();
    let endpoints = api.paths.paths.iter().flat_map(|(path, item)| {
        methods(item).into_iter().map(|method| (method.to_owned(), path.clone()))
    });
    endpoints.collect()
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let all = [("DELETE", &item.delete), ("GET", &item.get), ("POST", &item.post)];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|_| method)).collect()
}

impl Default for ApiCounters {
    /// Counters for the routes of this API.
    fn default() -> Self {
        Self::new(endpoints())
    }
}

#[cfg(test)]
mod tests;
