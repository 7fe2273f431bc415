//! Two hundred thousand broken messages: nothing panics, whatever is read of them. The same seed
//! breaks them in the same way.

use std::hint::black_box;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use ringproof::sip::request::{Dialog, Sender};
use ringproof::sip::response::Response;
use ringproof::sip::stream::{Framer, Limits};
use ringproof::sip::uri::unescaped;
use ringproof::sip::{Message, Name, Status, Uri};

use crate::corpus;

const MUTATIONS: usize = 200_000;

/// Reads all that can be read of `octets`; whether it was a message.
fn read_everything(octets: &[u8], out: &mut Vec<u8>) -> bool {
    let mut framer = Framer::new(Limits::default());
    framer.push(octets);
    while let Ok(Some(frame)) = framer.next_frame() {
        black_box(frame);
    }
    black_box(framer.broken_head());
    let Ok(message) = Message::parse(octets) else { return false };
    black_box((message.start(), message.body(), message.cseq().ok(), message.call_id().ok()));
    black_box((message.via_count(), message.vias().flatten().count(), message.q850_cause()));
    black_box((message.retry_after().ok(), message.expires().ok(), message.max_forwards().ok()));
    for address in
        [message.from(), message.to()].into_iter().flatten().chain(message.contact().ok().flatten())
    {
        black_box((address.tag(), address.params().count(), address.param("q")));
        if let Ok(uri) = address.parsed_uri() {
            black_box((
                uri.phone(),
                uri.param("user"),
                unescaped(uri.user.unwrap_or_default()).count(),
            ));
        }
    }
    for (name, value) in message.headers() {
        black_box((Name::of(name), Uri::parse(value).is_ok()));
    }
    for name in Name::ALL {
        black_box((message.header(name).count(), message.values(name).count()));
    }
    let checked = message.check();
    out.clear();
    let response = Response { to_tag: Some(b"t"), ..Response::new(Status::RINGING) };
    if response.write(&message, out).is_ok() && checked.is_ok() {
        // What we say about an accepted request can be read by others.
        assert!(Message::parse(out).is_ok(), "{}", out.escape_ascii());
    }
    if let Ok(dialog) = Dialog::of_2xx(&message) {
        out.clear();
        dialog.write_bye(&Sender { transport: "UDP", sent_by: b"h", branch: b"z9hG4bKa" }, out);
        black_box(dialog.next_hop());
        assert!(Message::parse(out).is_ok(), "{}", out.escape_ascii());
    }
    true
}

/// Breaks `octets` once.
fn mutate(octets: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut ChaCha8Rng) {
    let mut below = |bound: usize| rng.next_u32() as usize % bound.max(1);
    let at = below(octets.len());
    match below(8) {
        0 if !octets.is_empty() => octets[at] ^= 1 << below(8),
        1 => octets.truncate(at),
        2 => octets.insert(at, TROUBLE[below(TROUBLE.len())]),
        3 if !octets.is_empty() => octets[at] = TROUBLE[below(TROUBLE.len())],
        4 => {
            let other = &others[below(others.len())];
            octets.truncate(at);
            octets.extend_from_slice(&other[below(other.len())..]);
        }
        5 => {
            let line = line_at(octets, at);
            octets.splice(line.end..line.end, octets[line.clone()].to_vec());
        }
        6 => drop(octets.drain(line_at(octets, at))),
        _ => {
            let end = octets.len().min(at + below(40));
            let piece = octets[at..end].to_vec();
            let to = below(octets.len());
            octets.splice(to..to, piece);
        }
    }
}

/// The line around `at`, with its line feed.
fn line_at(octets: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = octets[..at].iter().rposition(|octet| *octet == b'\n').map_or(0, |lf| lf + 1);
    let end = octets[at..].iter().position(|octet| *octet == b'\n');
    start..end.map_or(octets.len(), |lf| at + lf + 1)
}

/// Octets that mean something somewhere.
const TROUBLE: &[u8] = b"\r\n \t\0\"\\<>,;:=@?%/[]()*.-+0129aZ\x7f\x80\xff\xc3";

#[test]
fn z07_no_broken_message_makes_the_grammar_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(4475);
    let corpus: Vec<_> =
        corpus::torture().into_iter().chain(corpus::flash_call()).map(|case| case.octets).collect();
    let mut out = Vec::new();
    let mut read = 0;
    for round in 0..MUTATIONS {
        let mut octets = corpus[round % corpus.len()].clone();
        for _ in 0..=rng.next_u32() % 4 {
            mutate(&mut octets, &corpus, &mut rng);
        }
        read += usize::from(read_everything(&octets, &mut out));
    }
    // If nearly all were dropped at the door, nothing behind it would have been tried.
    assert!(read > MUTATIONS / 2, "only {read} of {MUTATIONS} could be read");
}

#[test]
fn every_truncation_of_every_message_is_survived() {
    let mut out = Vec::new();
    for case in corpus::torture().into_iter().chain(corpus::flash_call()) {
        for length in 0..case.octets.len() {
            read_everything(&case.octets[..length], &mut out);
        }
    }
}
