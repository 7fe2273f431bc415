//! The events in the description: what `GET /v1/events` and webhooks carry, by what their `data` is.

use utoipa::openapi::schema::{Discriminator, KnownFormat, OneOfBuilder, SchemaFormat};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};

/// A schema for each kind of data, and `Event`, which is any of them.
pub(super) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut event = OneOfBuilder::new().description(Some(
        "What happened: the `data` of the event stream, and the body of a webhook. New types may come.",
    ));
    let mut by_type = Discriminator::new("type");
    let mut schemas = Vec::new();
    for (name, data, types) in KINDS {
        let reference = Ref::from_schema_name(name);
        for kind in types {
            by_type.mapping.insert((*kind).to_owned(), reference.ref_location.clone());
        }
        event = event.item(reference);
        schemas.push((name.to_owned(), envelope(types, data)));
    }
    let trunk = ObjectBuilder::new()
        .description(Some("A trunk."))
        .property("name", text().description(Some("Its name.")))
        .required("name");
    schemas.push(("TrunkEventData".to_owned(), trunk.into()));
    let event = event.discriminator(Some(by_type)).build();
    schemas.push(("Event".to_owned(), Schema::OneOf(event).into()));
    schemas
}

fn envelope(types: &[&str], data: &str) -> RefOr<Schema> {
    let kind = text().enum_values(Some(types.iter().copied()));
    let timestamp = text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("When it happened."));
    let sequence = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some("Its number, in the order in which things were written."));
    ObjectBuilder::new()
        .property("type", kind)
        .property("timestamp", timestamp)
        .property("sequence", sequence)
        .property("data", Ref::from_schema_name(data))
        .required("type")
        .required("timestamp")
        .required("sequence")
        .required("data")
        .into()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The schema, that of its data, and the types that it is for.
const KINDS: [(&str, &str, &[&str]); 4] = [
    ("CallEvent", "CallView", &["call.ended", "call.placed", "call.ringing"]),
    ("MissedCallEvent", "MissedCallView", &["missed_call.received"]),
    ("TrunkEvent", "TrunkEventData", &["trunk.down", "trunk.up"]),
    (
        "VerificationEvent",
        "VerificationView",
        &[
            "verification.canceled",
            "verification.created",
            "verification.expired",
            "verification.failed",
            "verification.verified",
        ],
    ),
];
