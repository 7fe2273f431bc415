//! The ledger objects to callbacks that are missing, or are not what they should be.

use super::*;
use crate::ledger::CALLS_BACK;

/// An end whose webhook was taken, of somebody who wants a callback if `calls_back`, and then this.
fn after_end(calls_back: bool, then: impl Fn(&mut Story, &str)) -> Vec<Kind> {
    let name = if calls_back { CALLS_BACK.to_owned() + "one" } else { "one".to_owned() };
    let mut story = Story::begin();
    story.event(1, "verification.created", &json_of(&[]));
    let mut end = verified();
    end["client_ref"] = name.into();
    let end = story.event(2, "verification.verified", &end);
    let before = story.0.faults.len();
    story.0.on_webhook("msg_3", &end, true);
    then(&mut story, &end);
    story.0.finish_webhooks();
    story.0.faults[before..].iter().map(|fault| fault.kind).collect()
}

#[test]
fn d05_a_callback_that_is_missing_or_another_s_is_a_fault() {
    let taken = |story: &mut Story, end: &str| story.0.on_callback("msg_4", end, true);
    assert_eq!(after_end(true, |_, _| {}), [Kind::Webhook]);
    assert_eq!(after_end(true, taken), []);
    assert_eq!(after_end(false, taken), [Kind::Webhook], "nobody asked for it");
    let refused = |story: &mut Story, end: &str| story.0.on_callback("msg_4", end, false);
    assert_eq!(after_end(true, refused), [Kind::Webhook]);
    let twice = |story: &mut Story, end: &str| {
        refused(story, end);
        taken(story, end);
        taken(story, end);
    };
    assert_eq!(after_end(true, twice), []);
    let another_id = |story: &mut Story, end: &str| {
        taken(story, end);
        story.0.on_callback("msg_5", end, true);
    };
    assert_eq!(after_end(true, another_id), [Kind::Webhook]);
    let of_the_webhook = |story: &mut Story, end: &str| story.0.on_callback("msg_3", end, true);
    assert_eq!(after_end(true, of_the_webhook), [Kind::Webhook]);
}
