//! `[caller]` of a trunk's file: whom its calls are from, and which number they ring.

use super::kind::{self, Kind};
use super::section::Section;
use crate::evidence::IdentityHeader;
use crate::trunk::{BareDigits, CalledIn, CallerPolicy, NationalPlan};

/// Reads the section, for a trunk in the country of `plan`.
pub(super) fn read(mut section: Section<'_>, plan: Option<NationalPlan>) -> CallerPolicy {
    let default = CallerPolicy::default();
    let headers = read_headers(&mut section).unwrap_or(default.headers);
    let bare = section.or("bare", &bare_digits(), default.bare);
    if bare == BareDigits::National && plan.is_none() {
        section.refuse("bare", "\"national\" of no country", "used with a `country`");
    }
    let called = section.or("called_in", &called_in(), default.called);
    let vias_max = section.or("vias_max", &kind::whole(1..=VIAS_MAX), default.vias_max);
    section.finish();
    CallerPolicy { headers, plan, bare, called, vias_max }
}

fn read_headers(section: &mut Section<'_>) -> Option<Vec<IdentityHeader>> {
    let wanted = section.list("headers", &header())?;
    if !section.has_items("headers") {
        section.refuse("headers", "empty", "absent, or a list of headers");
    }
    let mut headers = Vec::new();
    for placed in wanted {
        if headers.contains(&placed.value) {
            let found = format!("\"{}\" for the second time", placed.value.as_str());
            section.refuse_at(placed.place, &found, "named once");
        } else {
            headers.push(placed.value);
        }
    }
    Some(headers)
}

fn header() -> Kind<IdentityHeader> {
    kind::choice(&[
        ("from", IdentityHeader::From),
        ("p_asserted_identity", IdentityHeader::PAssertedIdentity),
        ("remote_party_id", IdentityHeader::RemotePartyId),
    ])
}

fn bare_digits() -> Kind<BareDigits> {
    kind::choice(&[
        ("international", BareDigits::International),
        ("national", BareDigits::National),
    ])
}

fn called_in() -> Kind<CalledIn> {
    kind::choice(&[("request_uri", CalledIn::RequestUri), ("to", CalledIn::To)])
}

/// RFC 3261 §8.1.1.6: Max-Forwards is 70 in most requests, so no INVITE has passed more proxies.
const VIAS_MAX: u8 = 70;
