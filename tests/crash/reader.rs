//! A reader of the event stream who comes back after each kill with the id of what it saw last.

use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::crowd::Crowd;

/// One event as it came.
#[derive(Debug)]
struct Frame {
    id: String,
    data: String,
}

/// Why a stream gave no more.
#[derive(Debug, Eq, PartialEq)]
enum End {
    /// The connection ended, or there was none.
    Cut,
    /// 410.
    Gone,
}

/// Follows until the run is over. When this returns nothing more is missed.
pub(crate) fn follow(crowd: &Arc<Crowd>) -> JoinHandle<()> {
    let crowd = Arc::clone(crowd);
    let (open, opened) = sync_channel(1);
    let thread = thread::spawn(move || {
        let mut seen: Option<String> = None;
        while !crowd.is_over() {
            let after = seen.clone();
            let on_open = || {
                // Nobody waits for the second time.
                let _ = open.try_send(());
            };
            let end = stream(&crowd, after.as_deref(), on_open, |frame| {
                let at = crowd.clock.now();
                let sequence = number(&frame.id);
                crowd.ledger().on_event(sequence, &frame.data, at);
                if let Some(id) = ended(&frame.data) {
                    crowd.on_ended(&id);
                }
                seen = Some(frame.id);
                !crowd.is_over()
            });
            if end == End::Gone {
                crowd.ledger().on_events_gone();
                seen = None;
            }
            thread::sleep(Duration::from_millis(5));
        }
    });
    opened.recv().expect("the stream can be opened");
    thread
}

/// Reads everything after this event up to that one again.
pub(crate) fn read_again(crowd: &Crowd, after: u64, last: u64) -> u64 {
    let mut read = 0;
    let end = stream(
        crowd,
        Some(&after.to_string()),
        || {},
        |frame| {
            read += 1;
            let sequence = number(&frame.id);
            crowd.ledger().on_event_again(sequence, &frame.data);
            sequence < last
        },
    );
    if end == End::Gone {
        crowd.ledger().on_events_gone();
    }
    read
}

/// Hands each event over until nobody wants more.
fn stream(
    crowd: &Crowd,
    after: Option<&str>,
    on_open: impl Fn(),
    mut take: impl FnMut(Frame) -> bool,
) -> End {
    let client = match after {
        None => crowd.client.clone(),
        Some(id) => crowd.client.with("Last-Event-ID", id),
    };
    let Ok(mut stream) = client.connect() else { return End::Cut };
    let request = client.request("GET", "/v1/events", "", "Accept: text/event-stream\r\n");
    if stream.write_all(request.as_bytes()).is_err() {
        return End::Cut;
    }
    let mut stream = BufReader::new(stream);
    let mut lines: Vec<String> = vec![];
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(_) if line.ends_with('\n') => {}
            // What came of a line came of no event.
            Ok(_) | Err(_) => return End::Cut,
        }
        let line = line.trim_end();
        if line.starts_with("HTTP/1.1 410") {
            return End::Gone;
        }
        if line.starts_with("HTTP/1.1 200") {
            on_open();
        }
        let is_size = !line.is_empty() && line.bytes().all(|octet| octet.is_ascii_hexdigit());
        if !line.is_empty() && !is_size {
            lines.push(line.to_owned());
            continue;
        }
        let field = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name));
        if !is_size
            && let (Some(id), Some(data)) = (field("id: "), field("data: "))
            && !take(Frame { id: id.to_owned(), data: data.to_owned() })
        {
            return End::Cut;
        }
        if !is_size {
            lines.clear();
        }
    }
}

/// The number that an id begins with.
fn number(id: &str) -> u64 {
    id.split('-').next().and_then(|number| number.parse().ok()).expect("an id is a number")
}

/// The verification whose end this is.
fn ended(data: &str) -> Option<String> {
    let kinds = ["canceled", "expired", "failed", "verified"];
    let is_end = |kind: &&str| data.starts_with(&format!("{{\"type\":\"verification.{kind}\""));
    kinds.iter().any(is_end).then(|| {
        let (_, rest) = data.split_once("\"id\":\"")?;
        rest.split('"').next().map(str::to_owned)
    })?
}
