use super::*;

const MESSAGE: &str = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nl: 6\r\n\r\n\r\n\r\nab";

fn framer() -> Framer {
    Framer::new(Limits::default())
}

/// Everything that comes out, one word each, and the length of messages.
fn drain(framer: &mut Framer, out: &mut Vec<String>) {
    loop {
        let word = match framer.next_frame() {
            Ok(None) => return,
            Ok(Some(Frame::KeepAlive)) => "keep-alive".to_owned(),
            Ok(Some(Frame::Message(message))) => format!("message {}", message.len()),
            Err(error) => {
                out.push(error.to_string());
                return;
            }
        };
        out.push(word);
    }
}

fn check(stream: &str, expected: &[&str]) {
    let (mut whole, mut single) = (Vec::new(), Vec::new());
    let mut at_once = framer();
    at_once.push(stream.as_bytes());
    drain(&mut at_once, &mut whole);
    let mut in_pieces = framer();
    for octet in stream.bytes() {
        in_pieces.push(&[octet]);
        drain(&mut in_pieces, &mut single);
    }
    single.dedup_by(|a, b| a == b && a.contains("content-length"));
    assert_eq!(whole, expected, "{stream:?}");
    assert_eq!(single, expected, "{stream:?} in single octets");
}

fn with_length(line: &str) -> String {
    format!("OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n{line}\r\n")
}

#[test]
fn t01_messages_come_out_whole_however_they_come_in() {
    assert_eq!(MESSAGE.len(), 57);
    check(MESSAGE, &["message 57"]);
    check(&MESSAGE.repeat(50), &["message 57"; 50]);
    check(&MESSAGE[..56], &[]);
}

#[test]
fn t01_every_split_of_two_messages_gives_the_two() {
    let stream = MESSAGE.repeat(2);
    for split in 0..stream.len() {
        let (mut framer, mut out) = (framer(), Vec::new());
        for piece in [&stream[..split], &stream[split..]] {
            framer.push(piece.as_bytes());
            drain(&mut framer, &mut out);
        }
        assert_eq!(out, ["message 57", "message 57"], "split at {split}");
        assert_eq!(framer.kept(), 0);
    }
}

#[test]
fn t09_two_line_ends_between_messages_are_a_keep_alive() {
    check("\r\n\r\n", &["keep-alive"]);
    check(
        &format!("\r\n{MESSAGE}\r\n\r\n\r\n{MESSAGE}"),
        &["message 57", "keep-alive", "message 57"],
    );
}

#[test]
fn t02_a_content_length_that_cannot_be_believed_ends_the_stream() {
    let error = "content-length is missing, repeated or not a number";
    for line in [
        "",
        "Content-Length: -5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 5\r\nl: 5\r\n",
        "Content-Length: 4294967328\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length:\r\n",
    ] {
        // Nothing comes out of what follows either.
        check(&(with_length(line) + MESSAGE), &[error]);
    }
}

#[test]
fn t02_a_short_body_is_waited_for_and_a_long_one_refused() {
    check(&with_length("Content-Length: 9999\r\n"), &[]);
    let mut framer = framer();
    framer.push(with_length("Content-Length: 65535\r\n").as_bytes());
    let limit = MESSAGE_BYTES_MAX;
    assert_eq!(framer.next_frame(), Err(StreamError::TooLong { limit }));
    assert_eq!(framer.next_frame(), Err(StreamError::TooLong { limit }));
}

#[test]
fn t02_the_head_of_a_refused_message_says_whom_to_answer() {
    let mut framer = framer();
    let head = with_length("Content-Length: -5\r\n");
    framer.push((head.clone() + MESSAGE).as_bytes());
    assert_eq!(framer.next_frame(), Err(StreamError::BodyLength));
    assert_eq!(framer.broken_head(), Some(head.as_bytes()));
    let kept = framer.kept();
    framer.push(MESSAGE.as_bytes());
    assert_eq!(framer.kept(), kept, "a broken stream takes nothing more");
}

#[test]
fn headers_without_end_are_cut_off_at_the_limit() {
    let limits = Limits { head_bytes_max: 100, message_bytes_max: 200 };
    let mut framer = Framer::new(limits);
    let mut taken = 0;
    while framer.next_frame() == Ok(None) {
        framer.push(b"X");
        taken += 1;
    }
    assert_eq!(taken, 101);
    assert_eq!(framer.next_frame(), Err(StreamError::HeadTooLong { limit: 100 }));
    assert_eq!(framer.broken_head(), None);
}

#[test]
fn a_lone_line_feed_ends_the_stream() {
    let stream = MESSAGE.replacen("\r\n", "\n", 1);
    let mut framer = framer();
    framer.push(stream.as_bytes());
    assert_eq!(framer.next_frame(), Err(StreamError::Malformed(Malformed::LineEnd)));
}

#[test]
fn t08_what_is_not_sip_waits_for_its_end_and_is_refused() {
    check(
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        &["content-length is missing, repeated or not a number"],
    );
}
