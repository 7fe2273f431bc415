//! What is written from a message reads as that message.

use std::net::SocketAddr;

use ringproof::sip::response::Response;
use ringproof::sip::{Message, Name, Status};

use crate::corpus::{self, Case};

/// `message` written again, header by header, in long names and without folds.
fn print(message: &Message<'_>, octets: &[u8]) -> Vec<u8> {
    let start_line = octets.split(|octet| *octet == b'\r').next().unwrap();
    let mut out = [start_line, b"\r\n"].concat();
    for (name, value) in message.headers() {
        let long = Name::of(name).map_or(name, |name| name.as_str().as_bytes());
        out.extend_from_slice(long);
        out.extend_from_slice(b": ");
        out.extend(value.iter().map(|octet| if b"\r\n".contains(octet) { b' ' } else { *octet }));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body());
    out
}

/// Everything that the typed readers say, white space aside.
fn meaning(message: &Message<'_>) -> String {
    let vias: Vec<_> =
        message.vias().map(|via| via.map(|via| (via.host, via.port, via.branch))).collect();
    let address = |name| message.values(name).map(<[u8]>::len).count();
    format!(
        "{:?} {vias:?} {:?} {:?} {:?} {:?} {} {} {:?} {:?} {:?}",
        message.start(),
        message.from().map(|from| (from.uri, from.tag())),
        message.to().map(|to| (to.uri, to.tag())),
        message.call_id(),
        message.cseq(),
        address(Name::Contact),
        address(Name::RecordRoute),
        message.expires(),
        message.body(),
        message.check(),
    )
}

#[test]
fn z08_what_is_printed_reads_the_same() {
    for Case { name, octets } in corpus::torture().into_iter().chain(corpus::flash_call()) {
        let Ok(message) = Message::parse(&octets) else { continue };
        if message.check().is_err() {
            continue;
        }
        let printed = print(&message, &octets);
        let again = Message::parse(&printed).unwrap();
        assert_eq!(meaning(&again), meaning(&message), "{name}");
    }
}

#[test]
fn z08_an_answer_reads_back_with_what_it_must_bring_back() {
    let source = SocketAddr::from(([192, 0, 2, 99], 5099));
    for Case { name, octets } in corpus::torture().into_iter().chain(corpus::flash_call()) {
        let Ok(request) = Message::parse(&octets) else { continue };
        let response = Response {
            to_tag: Some(b"ours"),
            source: Some(source),
            ..Response::new(Status::RINGING)
        };
        let mut out = Vec::new();
        if request.check().is_err() || response.write(&request, &mut out).is_err() {
            continue;
        }
        let answer = Message::parse(&out).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer.call_id(), request.call_id(), "{name}");
        assert_eq!(answer.cseq(), request.cseq(), "{name}");
        assert_eq!(answer.from(), request.from(), "{name}");
        assert_eq!(answer.via_count(), request.via_count(), "{name}");
        let branch = |message: &Message<'_>| message.via().unwrap().branch.map(<[u8]>::to_vec);
        assert_eq!(branch(&answer), branch(&request), "{name}");
        let own_tag = request.to().unwrap().tag();
        assert_eq!(answer.to().unwrap().tag(), own_tag.or(Some(b"ours")), "{name}");
        assert_eq!(answer.via().unwrap().received, Some(source.ip()), "{name}");
    }
}
