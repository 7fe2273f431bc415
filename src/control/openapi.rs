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
mod tests {
    use std::path::Path;

    use super::super::problem::Code;
    use super::*;

    #[test]
    fn the_description_is_frozen() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, document()).unwrap();
        }
        let frozen = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(frozen == document(), "docs/openapi.json differs: UPDATE_EXPECT=1 rewrites it");
    }

    /// The sets that stand in the description, as their names say.
    #[test]
    fn closed_sets_are_described_as_closed() {
        let api: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let schemas = &api["components"]["schemas"];
        for (schema, field) in [
            ("AwaitedCallView", "assurance"),
            ("AwaitedCallView", "confirm"),
            ("CallSummary", "outcome"),
            ("CallSummary", "state"),
            ("CallView", "ended_by"),
            ("CallView", "outcome"),
            ("CallView", "state"),
            ("Health", "status"),
            ("MatchedCallView", "identity_header"),
            ("MissedCallView", "assurance"),
            ("MissedCallView", "identity_header"),
            ("MissedCallView", "outcome"),
            ("MissedCallView", "unknown"),
            ("Problem", "code"),
            ("ReportBody", "saw"),
            ("RungView", "direction"),
            ("RungView", "method"),
            ("StartBody", "confirm"),
            ("StartBody", "method"),
            ("StatusView", "readiness"),
            ("VerificationView", "method"),
            ("VerificationView", "reason"),
            ("VerificationView", "status"),
        ] {
            let of = &schemas[schema]["properties"][field];
            let of = of["oneOf"].as_array().map_or(of, |choices| {
                choices.iter().find(|choice| choice["$ref"].is_string()).unwrap()
            });
            let name = of["$ref"].as_str().unwrap_or_default().rsplit('/').next().unwrap();
            let words = schemas[name]["enum"].as_array().map_or(0, Vec::len);
            assert!(words > 0, "{schema}.{field}: {of}");
        }
    }

    #[test]
    fn every_endpoint_and_every_code_is_described() {
        let text = document();
        for (method, path) in endpoints() {
            assert!(text.contains(&format!("\"{path}\": {{")), "{method} {path}");
        }
        for code in Code::ALL {
            assert!(text.contains(&format!("\"{}\"", code.as_str())), "{}", code.as_str());
        }
        assert_eq!(endpoints().len(), 20);
    }
}
