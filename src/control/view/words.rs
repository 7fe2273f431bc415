//! The closed sets of words of the API, for its description: made of the lists that the code itself
//! goes by, so that none can be left out.

use std::borrow::Cow;

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::super::outside::Readiness;
use crate::delivery::{DeliveryState, EndpointState};
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::ladder::{Undelivered, Verb};
use crate::outcome::{Outcome, Side};
use crate::verify::Fate;
use crate::verify::record::CallState;
use crate::verify::snapshot::{Method, Reason, Status};

macro_rules! words {
    ($($(#[$text:meta])* $name:ident = $says:literal: $words:expr;)*) => {$(
        $(#[$text])*
        pub(in crate::control) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                set($says, $words)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

words! {
    /// How well a missed call is proven.
    AssuranceWord = "How well it is proven that a missed call came from the number that it shows, the \
                     weakest first.": Assurance::ALL.map(Assurance::as_str);
    /// Where a call stands.
    CallStateWord = "Where a call stands." : CallState::ALL.map(super::call::state);
    /// How a caller is proven once more.
    ConfirmWord = "How a caller is proven once more.": [Method::FlashCall.as_str()];
    /// Where a message to a webhook stands.
    DeliveryStateWord = "Where a message to a webhook stands.":
        DeliveryState::ALL.map(DeliveryState::as_str);
    /// How an endpoint does.
    EndpointStateWord = "How an endpoint does; `down`: it failed again and again; `resting`: it asked to be \
                         left alone; `disabled`: it replied 410; `gone`: it is not in the configuration.":
        EndpointState::ALL.map(EndpointState::as_str);
    /// Which way a message went.
    DirectionWord = "`out` from the gateway to the trunk, `in` from the trunk.": ["in", "out"];
    /// Who ended a call.
    EndedByWord = "Who ended a call.": Side::ALL.map(Side::as_str);
    /// How the gateway is.
    HealthWord = "How the gateway is.": ["alive", "ready"];
    /// A header field that says who is calling.
    IdentityHeaderWord = "A header field that says who is calling.":
        IdentityHeader::ALL.map(IdentityHeader::as_str);
    /// How a phone is proven.
    MethodWord = "How a phone is proven.": Method::ALL.map(Method::as_str);
    /// What became of a missed call.
    MissedOutcomeWord = "What became of a missed call: `matched` is the evidence of a verification, \
                         `remembered` counts for one that is yet to be started.": Fate::WORDS;
    /// How a call ended.
    OutcomeWord = "How a call ended.": Outcome::ALL.map(Outcome::as_str);
    /// Whether calls can be placed.
    ReadinessWord = "Whether calls can be placed; `no_trunk`: no trunk is up; `store_gone`: the journal was moved or deleted; `store_unavailable`: the disk does not work.":
        Readiness::ALL.map(Readiness::as_str);
    /// Why a verification ended.
    ReasonWord = "Why a verification ended.": Reason::ALL.map(Reason::as_str);
    /// The method of a SIP message.
    SipMethodWord = "The method of a SIP message.": Verb::ALL.map(Verb::as_str);
    /// Where a verification stands.
    StatusWord = "Where a verification stands; all but `pending` are final.":
        Status::ALL.map(Status::as_str);
    /// Why nobody knows who rang.
    UnknownCallerWord = "Why nobody knows who rang.": Unknown::ALL.map(Unknown::as_str);
    /// Why a message did not arrive.
    UndeliveredWord = "Why a message of ours did not reach the trunk.":
        Undelivered::ALL.map(Undelivered::as_str);
}

fn set<const N: usize>(says: &str, words: [&'static str; N]) -> RefOr<Schema> {
    let object = ObjectBuilder::new().schema_type(Type::String);
    object.description(Some(says)).enum_values(Some(words)).into()
}
