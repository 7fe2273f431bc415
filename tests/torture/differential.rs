//! Two other grammars read the same messages. Where they disagree with ours, `DISAGREEMENTS` says
//! why; an explanation that no longer explains anything fails as well.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic;

use bytes::Bytes;
use expect_test::expect_file;
use rsip::headers::{ToTypedHeader, UntypedHeader};
use rsip::message::HeadersExt;
use sipx_sip::{Limits, parse_datagram, validate};

use crate::corpus::{self, Case};
use crate::verdicts::verdict;

/// Whether ours can read it: a refusal for what the request wants (405, 415, 416, 420) is one of a
/// message that was understood.
fn ours(octets: &[u8]) -> bool {
    !matches!(verdict(octets).0.as_str(), "discard" | "400" | "505")
}

fn sipx(octets: &[u8]) -> bool {
    let message = parse_datagram(Bytes::copy_from_slice(octets), &Limits::datagram());
    message.is_ok_and(|message| validate(&message).is_empty())
}

/// rsip reads lazily too: these are the headers that any user agent needs.
fn rsip(octets: &[u8]) -> bool {
    let read = || -> Result<(), rsip::Error> {
        let message = rsip::SipMessage::try_from(octets)?;
        message.via_header()?.typed()?;
        message.from_header()?.typed()?;
        message.to_header()?.typed()?;
        message.cseq_header()?.typed()?;
        message.call_id_header()?.value();
        Ok(())
    };
    panic::catch_unwind(read).is_ok_and(|read| read.is_ok())
}

fn word(reads: bool) -> &'static str {
    if reads { "reads" } else { "rejects" }
}

fn cases() -> impl Iterator<Item = Case> {
    corpus::torture().into_iter().chain(corpus::flash_call())
}

#[test]
fn z09_the_verdicts_of_three_grammars_side_by_side() {
    let mut table = String::from("message                        ringproof sipx-sip rsip\n");
    for Case { name, octets } in cases() {
        let (ours, sipx, rsip) = (word(ours(&octets)), word(sipx(&octets)), word(rsip(&octets)));
        writeln!(table, "{name:<30} {ours:<9} {sipx:<8} {rsip}").unwrap();
    }
    expect_file!["differential.txt"].assert_eq(&table);
}

#[test]
fn z09_each_disagreement_is_explained_and_each_explanation_is_needed() {
    let mut found = BTreeMap::new();
    for Case { name, octets } in cases() {
        for (grammar, reads) in [("rsip", rsip(&octets)), ("sipx", sipx(&octets))] {
            if reads != ours(&octets) {
                found.insert((name.clone(), grammar), word(reads));
            }
        }
    }
    let explained: BTreeMap<_, _> = DISAGREEMENTS
        .into_iter()
        .flat_map(|(grammar, word, names, _why)| {
            names.split(' ').map(move |name| ((name.to_owned(), grammar), word))
        })
        .collect();
    let missing: Vec<_> = found.iter().filter(|(key, _)| !explained.contains_key(*key)).collect();
    let stale: Vec<_> =
        explained.iter().filter(|(key, word)| found.get(*key) != Some(*word)).collect();
    assert!(missing.is_empty(), "not explained: {missing:#?}");
    assert!(stale.is_empty(), "explained, but not so: {stale:#?}");
}

/// Which grammar, what it does where ours does the opposite, with which messages, and why.
const DISAGREEMENTS: [(&str, &str, &str, &str); 18] = [
    ("sipx", "reads", "bcast", "it leaves it to its transactions that a response has one Via"),
    ("sipx", "rejects", "inv2543", "it demands Max-Forwards, which RFC 2543 did not have"),
    ("sipx", "reads", "regbadct", "its validation does not look at Contact"),
    ("rsip", "reads", "badinv01", "it takes two semicolons for a parameter without a name"),
    ("rsip", "reads", "bcast", "it has no rule for the number of Vias"),
    ("rsip", "reads", "clerr mcl01 ncl", "it does not look at Content-Length"),
    ("rsip", "reads", "ltgtruri", "it takes `<sip` for a user and `example.com>` for a host"),
    ("rsip", "reads", "mismatch01", "it does not compare the methods"),
    ("rsip", "reads", "multi01", "it takes the first of repeated headers"),
    ("rsip", "reads", "quotbal", "its display name may open a quote and never close it"),
    ("rsip", "reads", "regbadct", "only the headers that any user agent needs are asked of it"),
    ("rsip", "rejects", "dblreq", "it does not know the compact form of Call-ID"),
    ("rsip", "rejects", "esc01 wsinv", "it does not know folded lines"),
    ("rsip", "rejects", "esc02", "its methods are a closed list"),
    ("rsip", "rejects", "intmeth semiuri", "its user part may not hold all that it may hold"),
    ("rsip", "rejects", "longreq", "no white space may stand before its colons"),
    (
        "rsip",
        "rejects",
        "unkscm unksm2",
        "it takes what follows an unknown scheme for host and port",
    ),
    (
        "rsip",
        "rejects",
        "ipv4-mapped-ipv6 ipv6-bug-abnf-3-colons ipv6-correct-abnf-2-colons ipv6-good ipv6-in-sdp \
         mult-ip-in-header mult-ip-in-sdp port-ambiguous port-unambiguous \
         via-received-param-no-delim via-received-param-with-delim",
        "it takes the first colon of an IPv6 address for that of a port",
    ),
];
