//! Nothing is allocated to read or to write the messages of a flash call. A test binary of its own:
//! the counting allocator is that of the whole process.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own messages has failed")]

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};

use ringproof::sip::request::{Dialog, Sender};
use ringproof::sip::response::Response;
use ringproof::sip::template::Template;
use ringproof::sip::{Message, Status, sdp};

/// The messages of a call, as `tests/torture` keeps them.
fn messages() -> Vec<Vec<u8>> {
    let cases = include_str!("torture/flash-call.txt").split("=== ").skip(1);
    cases.map(|case| case.split_once('\n').unwrap().1.replace('\n', "\r\n").into_bytes()).collect()
}

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1);
}

#[test]
fn reading_the_messages_of_a_call_allocates_nothing() {
    for octets in messages() {
        let count = allocations(|| {
            let message = Message::parse(&octets).unwrap();
            black_box(message.via().unwrap().branch);
            black_box(message.cseq().unwrap());
            black_box((message.from().unwrap().tag(), message.to().unwrap().tag()));
            black_box((message.call_id().unwrap(), message.via_count(), message.q850_cause()));
            black_box((message.contact().unwrap(), message.body()));
            message.check().unwrap();
        });
        assert_eq!(count, 0, "{}", octets.escape_ascii());
    }
}

#[test]
fn writing_requests_and_responses_allocates_nothing_once_the_buffer_has_grown() {
    let messages = messages();
    let requests = messages.iter().map(|octets| Message::parse(octets).unwrap());
    let source = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
    let mut out = Vec::with_capacity(4096);
    for request in requests.filter(|message| message.status().is_none()) {
        for status in [Status::TRYING, Status::RINGING, Status::OK, Status::REQUEST_TERMINATED] {
            let headers: [(&str, &[u8]); 1] = [("Contact", b"<sip:192.0.2.9>")];
            let response = Response {
                to_tag: Some(b"tag"),
                source: Some(source),
                headers: &headers,
                ..Response::new(status)
            };
            out.clear();
            let count = allocations(|| _ = black_box(response.write(&request, &mut out)));
            assert_eq!(count, 0, "{status}");
        }
    }
    let mut answered = messages.iter().rev().map(|octets| Message::parse(octets).unwrap());
    let answered = answered.find(|message| message.status() == Some(Status::OK)).unwrap();
    let sender = Sender { transport: "UDP", sent_by: b"192.0.2.1:5070", branch: b"z9hG4bKnew" };
    let count = allocations(|| {
        let dialog = Dialog::of_2xx(&answered).unwrap();
        black_box(dialog.next_hop());
        dialog.write_ack(&sender, &mut out);
        dialog.write_bye(&sender, &mut out);
    });
    assert_eq!(count, 0);
}

#[test]
fn rendering_a_template_allocates_nothing_once_the_buffer_has_grown() {
    let text = "INVITE sip:{to}@h SIP/2.0\r\nContent-Length: {content_length}\r\n\r\n{offer}";
    let template = Template::compile(text, &["to", "offer"]).unwrap();
    let mut out = Vec::with_capacity(4096);
    let count = allocations(|| {
        let fill = |hole, out: &mut Vec<u8>| match hole {
            0 => out.extend_from_slice(b"+46701234567"),
            _ => sdp::write_offer(Ipv4Addr::LOCALHOST.into(), 7, out),
        };
        template.render(fill, &mut out);
    });
    assert_eq!(count, 0);
    assert!(Message::parse(&out).unwrap().check().is_err(), "it has no Via");
}
