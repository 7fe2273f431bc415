//! The API's description of itself (OpenAPI 3.1), made of the routes and types that serve it, and
//! frozen in `docs/openapi.json` by a test.

mod events;

use utoipa::OpenApi;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};

use super::counters::ApiCounters;
use super::intake::REPLAYED;
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
    api.paths.paths.values_mut().filter_map(|path| path.post.as_mut()).for_each(repeatable);
    if let Some(components) = &mut api.components {
        components.schemas.extend(events::schemas());
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
    }
    let mut text = serde_json::to_string_pretty(&api).unwrap_or_default();
    text.push('\n');
    text
}

/// Says of every answer to a POST that it may be a repetition.
fn repeatable(post: &mut Operation) {
    let answers = post.responses.responses.values_mut();
    for answer in answers.filter_map(|answer| match answer {
        RefOr::T(answer) => Some(answer),
        RefOr::Ref(_) => None,
    }) {
        let truth = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["true"]));
        let mut header = Header::new(truth);
        header.description = Some(
            "There when this is the kept answer to an earlier request with the same `Idempotency-Key`."
                .to_owned(),
        );
        answer.headers.insert(REPLAYED.to_owned(), header.into());
    }
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
