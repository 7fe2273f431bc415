//! Trunks: each file of `sip.profiles`, with the keys of `[trunk.NAME]` before its own.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::address;
use super::caller;
use super::country::{country, national_plan};
use super::kind::{self, Kind, Refusal};
use super::section::{Placed, Section};
use crate::trunk::{
    CallerId, CallerIdHeader, Dialled, NationalPlan, NumberFormat, Privacy, Profile, Ringing,
};

/// Reads one trunk for a gateway of so many shards.
pub(super) fn read(section: &mut Section<'_>, name: Arc<str>, shards: u16) -> Option<Profile> {
    let address = section.required("address", &address::peer());
    let sources = section.list("sources", &address::range());
    if sources.is_some() && !section.has_items("sources") {
        section.refuse("sources", "empty", "absent, or a list of addresses");
    }
    let sources = sources.unwrap_or_default();
    sources.iter().for_each(|source| warn_of_wide(section, source));
    let sources = sources.into_iter().map(|source| source.value).collect();
    let strict_source = section.or("strict_source", &kind::flag(), true);
    let plan = read_plan(section);
    let caller_id = read_caller_id(section.section("caller_id"), &plan);
    let dialled = read_dialled(section.section("number"), &plan);
    let caller = caller::read(section.section("caller"), plan.national);
    let domain = section.optional("domain", &host());
    let from_domain = section.optional("from_domain", &host());
    let privacy = read_privacy(section, caller_id.header);
    let (no_ringing_after, assume_ringing_after) = read_patience(section);
    let ring = section.or("ring", &kind::duration(RING), Duration::from_secs(5));
    let ringing = section.or("ringing", &ringing(), Ringing::Only180);
    let options_interval = section.or("options_interval", &options_interval(), OPTIONS_DEFAULT);
    let t1 = section.or("t1", &kind::duration(T1), Duration::from_millis(500));
    let calls_per_second = section.or("calls_per_second", &kind::whole(1..=100_000), 100);
    let in_flight = kind::whole(u32::from(shards)..=1_000_000);
    let in_flight_max = section.or("in_flight_max", &in_flight, 1_000);
    let rate = kind::whole(1..=100_000);
    let missed_calls_per_second =
        section.or("missed_calls_per_second", &rate, MISSED_CALLS_PER_SECOND);
    let address = address?;
    Some(Profile {
        name,
        address,
        sources: with_address(sources, address.ip()),
        strict_source,
        caller_id,
        caller,
        dialled,
        domain,
        from_domain,
        privacy,
        ring,
        ringing,
        assume_ringing_after,
        no_ringing_after,
        options_interval: Some(options_interval).filter(|interval| !interval.is_zero()),
        t1,
        calls_per_second,
        in_flight_max,
        missed_calls_per_second,
    })
}

/// How numbers are written: what the trunk's country says, with the operator's corrections.
fn read_plan(section: &mut Section<'_>) -> Plan {
    let of_country = section.optional("country", &country()).and_then(national_plan);
    let national_prefix = section.optional("national_prefix", &digits(0));
    let international_prefix = section.optional("international_prefix", &digits(1));
    let abroad = match (international_prefix, &of_country) {
        (Some(prefix), _) => prefix,
        (None, Some(plan)) => plan.international_prefix.clone(),
        (None, None) => "00".into(),
    };
    let national = of_country.map(|plan| NationalPlan {
        country_code: plan.country_code,
        national_prefix: national_prefix.unwrap_or(plan.national_prefix),
        international_prefix: abroad.clone(),
    });
    Plan { abroad, national }
}

struct Plan {
    abroad: Arc<str>,
    national: Option<NationalPlan>,
}

fn read_format(section: &mut Section<'_>, plan: &Plan) -> NumberFormat {
    let formats = kind::choice(&[
        ("e164", Form::E164),
        ("international", Form::International),
        ("national", Form::National),
        ("plus_e164", Form::PlusE164),
    ]);
    match (section.or("format", &formats, Form::PlusE164), &plan.national) {
        (Form::E164, _) => NumberFormat::E164,
        (Form::International, _) => NumberFormat::InternationalPrefix(plan.abroad.clone()),
        (Form::National, Some(national)) => NumberFormat::National(national.clone()),
        (Form::National, None) => {
            section.refuse("format", "\"national\" of no country", "used with a `country`");
            NumberFormat::PlusE164
        }
        (Form::PlusE164, _) => NumberFormat::PlusE164,
    }
}

#[derive(Clone, Copy)]
enum Form {
    E164,
    International,
    National,
    PlusE164,
}

fn read_caller_id(mut section: Section<'_>, plan: &Plan) -> CallerId {
    let headers = kind::choice(&[
        ("from", CallerIdHeader::From),
        ("p_asserted_identity", CallerIdHeader::PAssertedIdentity),
        ("remote_party_id", CallerIdHeader::RemotePartyId),
    ]);
    let caller_id = CallerId {
        header: section.or("header", &headers, CallerIdHeader::From),
        format: read_format(&mut section, plan),
    };
    section.finish();
    caller_id
}

fn read_dialled(mut section: Section<'_>, plan: &Plan) -> Dialled {
    let dialled = Dialled {
        format: read_format(&mut section, plan),
        tech_prefix: section.or("tech_prefix", &tech_prefix(), "".into()),
        user_phone: section.or("user_phone", &kind::flag(), false),
    };
    section.finish();
    dialled
}

fn read_privacy(section: &mut Section<'_>, header: CallerIdHeader) -> Option<Privacy> {
    let words = kind::choice(&[("id", Privacy::Id), ("none", Privacy::Waived)]);
    let privacy = section.optional("privacy", &words);
    if privacy == Some(Privacy::Id) && header == CallerIdHeader::From {
        // RFC 3325 §9.3: `id` keeps the asserted identity back, and there is none.
        let accepted = "absent or \"none\" where `caller_id.header` is \"from\"";
        section.refuse("privacy", "\"id\"", accepted);
    }
    privacy
}

/// When a silent phone is given up, and when it is taken to ring.
fn read_patience(section: &mut Section<'_>) -> (Duration, Option<Duration>) {
    let give_up = section.or("no_ringing_after", &kind::duration(GIVE_UP), GIVE_UP_DEFAULT);
    let assumed = section.optional("assume_ringing_after", &kind::duration(ASSUME));
    if let Some(assumed) = assumed.filter(|assumed| *assumed >= give_up) {
        let [assumed, give_up] = [assumed, give_up].map(kind::show_duration);
        let accepted = format!("less than `no_ringing_after`, which is \"{give_up}\"");
        section.refuse("assume_ringing_after", &format!("\"{assumed}\""), &accepted);
    }
    (give_up, assumed)
}

fn ringing() -> Kind<Ringing> {
    kind::choice(&[("180", Ringing::Only180), ("180_or_183", Ringing::Early)])
}

/// How often a quiet trunk is asked; zero stands for never.
fn options_interval() -> Kind<Duration> {
    let [least, most] = [OPTIONS.start(), OPTIONS.end()].map(|end| kind::show_duration(*end));
    let accepted = format!("\"0s\" for never, or a duration between \"{least}\" and \"{most}\"");
    Kind::text(accepted, |text| {
        let fits = |interval: &Duration| interval.is_zero() || OPTIONS.contains(interval);
        kind::parse_duration(text).filter(fits).ok_or(Refusal::Unlike)
    })
}

fn digits(length_min: usize) -> Kind<Arc<str>> {
    Kind::text(format!("{length_min} to 6 digits"), move |text| {
        let all_digits = text.bytes().all(|octet| octet.is_ascii_digit());
        let good = all_digits && (length_min..=6).contains(&text.len());
        good.then(|| text.into()).ok_or(Refusal::Unlike)
    })
}

fn tech_prefix() -> Kind<Arc<str>> {
    Kind::text("up to 16 characters of 0-9, A-Z, a-z, `*`, `#`, `+`, `-`, `.` and `_`", |text| {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"*#+-._".contains(&octet);
        let good = text.len() <= 16 && text.bytes().all(fits);
        good.then(|| text.into()).ok_or(Refusal::Unlike)
    })
}

/// The host of a URI: a name, or an address.
fn host() -> Kind<Arc<str>> {
    Kind::text(
        "a domain name or an address, such as \"sip.example.net\" or \"[2001:db8::1]\"",
        |text| {
            let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            let good = match inner {
                Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
                None => is_host_name(text),
            };
            good.then(|| text.into()).ok_or(Refusal::Unlike)
        },
    )
}

/// RFC 3261 §25.1 `hostname`, dotted IPv4 addresses among them.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        let edges = !label.starts_with('-') && !label.ends_with('-');
        (1..=63).contains(&label.len()) && edges && label.bytes().all(inside)
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Where calls go, answers come from: an operator who changes the address of a profile must not have
/// Who sends from a source says who is calling, and hears the proof of it.
fn warn_of_wide(section: &Section<'_>, source: &Placed<IpNet>) {
    let hosts_bits = source.value.max_prefix_len() - source.value.prefix_len();
    let is_wide = match source.value {
        IpNet::V4(_) => hosts_bits > 16,
        IpNet::V6(_) => hosts_bits > 80,
    };
    if is_wide {
        let message = format!(
            "`sources` has {}: every host there can say who is calling, and prove it",
            source.value
        );
        section.warn_at(source.place.clone(), message);
    }
}

/// to know of its other ranges.
fn with_address(mut sources: Vec<IpNet>, address: IpAddr) -> Vec<IpNet> {
    if !sources.iter().any(|range| range.contains(&address)) {
        sources.push(address.into());
    }
    sources
}

const RING: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(20);
const OPTIONS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3_600);
/// Often enough to find a dead trunk before most calls do, and to keep a NAT's binding (RFC 4787 §4.3:
/// two minutes) open; seldom enough for any carrier.
const OPTIONS_DEFAULT: Duration = Duration::from_secs(30);
/// A whole country rings less often, and a flood from a trunk still leaves room for the others.
const MISSED_CALLS_PER_SECOND: u32 = 1_000;
const T1: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_secs(2);
const ASSUME: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const GIVE_UP: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(120);
const GIVE_UP_DEFAULT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p29_the_address_of_a_trunk_is_always_among_its_sources() {
        let sources = |address: &str| {
            with_address(vec!["192.0.2.0/28".parse().unwrap()], address.parse().unwrap())
        };
        assert_eq!(sources("192.0.2.7").len(), 1);
        assert_eq!(sources("127.0.0.1")[1], "127.0.0.1/32".parse().unwrap());
        assert_eq!(with_address(vec![], "::1".parse().unwrap()), ["::1/128".parse().unwrap()]);
    }
}
