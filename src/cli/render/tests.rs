//! Colours: every other output is frozen with its command.

use super::*;
use crate::cli::terminal::Paint;

fn event_of(kind: &str) -> Event {
    let envelope = format!(
        r#"{{"type":"{kind}","timestamp":"2026-11-20T10:15:30.010Z","data":{{"name":"alpha"}}}}"#
    );
    serde_json::from_str(&envelope).unwrap()
}

#[test]
fn good_and_bad_news_have_their_colours() {
    let line = |kind| event(&event_of(kind), Paint::Colours);
    assert!(line("trunk.down").contains("\x1b[31mtrunk.down"), "{}", line("trunk.down"));
    assert!(line("verification.verified").contains("\x1b[32m"));
    assert!(!line("trunk.up").contains('\x1b'));
}

#[test]
fn a_timestamp_of_another_form_is_shown_whole() {
    let event = Event { timestamp: "now".to_owned(), ..event_of("trunk.up") };
    assert!(super::event(&event, Paint::Plain).starts_with("     0  now  trunk.up"));
}
