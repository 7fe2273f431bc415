//! JSON bodies. serde_json refuses what is not JSON (RFC 8259), numbers out of range and lone
//! surrogates; the types refuse unknown and repeated fields. Nesting needs no bound of its own: no
//! field of ours is nested, so a nested value is refused at its first bracket.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::super::intake::Payload;
use super::super::problem::{Code, Problem};

/// A body, read.
#[derive(Debug)]
pub(in super::super) struct Json<T>(pub(in super::super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let body = parts.extensions.get::<Payload>().map_or(&[][..], |Payload(body)| body);
        if !body.is_empty() {
            check_type(&parts.headers)?;
        }
        read(body).map(Self)
    }
}

/// Reads a JSON object. No body at all stands for an object without fields.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    // Derived types would take an array for their fields in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::field("", "a JSON object is expected"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let detail = in_words(error.inner().to_string());
        Problem::field(pointer(error.path(), &detail), detail)
    })?;
    reader.end().map_err(|error| Problem::field("", error.to_string()))?;
    Ok(value)
}

/// serde speaks of Rust's types to people who write JSON.
fn in_words(detail: String) -> String {
    ["u16", "u32", "u64"].into_iter().fold(detail, |detail, of_rust| {
        detail.replace(&format!("expected {of_rust}"), "expected a whole number, 0 or more")
    })
}

/// RFC 6901: a slash before each name, `~` and `/` in names escaped.
fn pointer(path: &Path, detail: &str) -> String {
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Enum { variant } => variant.clone(),
            Segment::Map { key } => key.clone(),
            Segment::Seq { index } => index.to_string(),
            // A name that is not text: the object around it is what can be named.
            Segment::Unknown => break,
        };
        pointer += "/";
        pointer += &name.replace('~', "~0").replace('/', "~1");
    }
    // A missing or repeated field is noticed when the object is complete, so the path ends at the
    // object; serde says the name in words only.
    let name = ["missing field `", "duplicate field `"]
        .into_iter()
        .find_map(|words| detail.strip_prefix(words)?.split('`').next());
    if let Some(name) = name {
        pointer += "/";
        pointer += name;
    }
    pointer
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = found.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        format!("the body's Content-Type is `{essence}`, must be `application/json`"),
    ))
}
