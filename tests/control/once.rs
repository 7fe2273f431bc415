//! Requests with a key are carried out once, whatever becomes of the disk and of the process.

use ringproof::control::{Answer, KeptReply};
use ringproof::outcome::Outcome;
use serde_json::json;

use super::store::State;
use super::world::{START, Seed, World, short, soon};
use super::written::{KEY, ask, end, hear, is_silent, say, wrong};

#[tokio::test]
async fn h04_a_repetition_after_a_restart_gets_the_first_reply_byte_for_byte() {
    let mut world = World::new(short()).await;
    let (first, path) = (ask(&world, "/v1/verifications", START).await, "/v1/verifications");
    let order = world.orders.try_recv().unwrap();
    let check = format!("/v1/verifications/{}/check", order.verification);
    let checked = ask(&world, &check, &wrong(&order)).await;
    let unknown = ask(&world, "/v1/verifications/x/check", &wrong(&order)).await;
    assert_eq!((first.status, checked.status, unknown.status), (201, 200, 404));
    let replies = world.disk.replies.borrow().clone();
    assert_eq!(replies.len(), 3);

    let mut after = World::grown(Seed { replies, ..Seed::default() }).await;
    for (path, body, before) in [
        (path, START, first),
        (&*check, &*wrong(&order), checked),
        ("/v1/verifications/x/check", &*wrong(&order), unknown),
    ] {
        let again = ask(&after, path, body).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!((again.status, &again.body), (before.status, &before.body));
        for name in ["content-type", "location"] {
            assert_eq!(again.header(name), before.header(name), "{path}");
        }
    }
    let other = ask(&after, path, "{\"to\":\"+46701234568\"}").await;
    assert_eq!(other.problem(), (422, "idempotency_mismatch".to_owned()));
    assert!(after.orders.try_recv().is_err(), "nothing was dialled");
}

#[tokio::test]
async fn h04_twins_wait_for_one_write_and_a_client_that_goes_away_changes_nothing() {
    let mut world = World::new(short()).await;
    world.disk.set(State::Slow);
    let gone = say(&world, "POST", "/v1/verifications", KEY, START).await;
    let order = soon(world.orders.recv()).await.unwrap();
    let mut twin = say(&world, "POST", "/v1/verifications", KEY, START).await;
    assert!(is_silent(&mut twin).await);
    drop(gone);
    world.disk.set(State::Working);
    let twin = hear(twin).await;
    assert_eq!((twin.status, &twin.json()["id"]), (201, &json!(order.verification.to_string())));
    assert_eq!(twin.header("idempotent-replayed"), Some("true"));
    assert!(world.orders.try_recv().is_err(), "one call");
    assert_eq!(world.disk.replies.borrow().len(), 1);
}

#[tokio::test]
async fn h04_a_start_and_its_reply_are_written_as_one_and_refusals_for_the_moment_are_not() {
    let mut world = World::new(short()).await;
    world.disk.set(State::Failing);
    assert_eq!(ask(&world, "/v1/verifications", START).await.status, 503);
    let order = world.orders.try_recv().unwrap();
    end(&world, &order, Outcome::Withdrawn);
    world.disk.set(State::Working);
    assert!(world.disk.replies.borrow().is_empty());
    let started = ask(&world, "/v1/verifications", START).await;
    assert_eq!(started.status, 201, "{}", started.text());
    assert_eq!(started.header("idempotent-replayed"), None);
    let kept = world.disk.replies.borrow().clone();
    assert_eq!((kept.len(), answered(&kept[0])), (1, &started.body[..]));
}

#[tokio::test]
async fn h04_what_was_done_is_not_told_until_its_reply_is_kept_and_a_refusal_is() {
    let mut world = World::new(short()).await;
    let (id, _) = world.start().await;
    world.disk.set(State::Broken);
    let path = format!("/v1/verifications/{id}/report");
    let done = ask(&world, &path, "{\"saw\":\"no_call\"}").await;
    assert_eq!(done.problem(), (503, "store_unavailable".to_owned()));
    let refused = ask(&world, "/v1/verifications/x/report", "{}").await;
    assert_eq!(refused.status, 404, "nothing was done");
    world.disk.set(State::Working);
    let done = ask(&world, &path, "{\"saw\":\"no_call\"}").await;
    assert_eq!((done.status, done.header("idempotent-replayed")), (204, None));
    let again = ask(&world, &path, "{\"saw\":\"no_call\"}").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (204, Some("true")));
}

#[tokio::test]
async fn h04_a_code_that_was_compared_when_the_disk_failed_is_not_compared_again() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    let path = format!("/v1/verifications/{id}/check");
    world.disk.set(State::Failing);
    for _ in 0..2 {
        let unsure = ask(&world, &path, &wrong(&order)).await;
        assert_eq!(unsure.problem(), (503, "store_unavailable".to_owned()));
    }
    world.disk.set(State::Working);
    let checked = ask(&world, &path, &wrong(&order)).await;
    assert_eq!((checked.status, &checked.json()["attempts_left"]), (200, &json!(2)));
    assert_eq!(checked.header("idempotent-replayed"), None);
    let again = ask(&world, &path, &wrong(&order)).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&checked.body, Some("true")));
    let new = world.ask("POST", &path, &wrong(&order)).await;
    assert_eq!(new.json()["attempts_left"], 1, "without the key it is another guess");
}

#[tokio::test]
async fn h04_a_call_that_was_placed_when_the_disk_failed_is_not_placed_again() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    end(&world, &order, Outcome::Completed);
    let path = format!("/v1/verifications/{id}/call");
    world.disk.set(State::Failing);
    let unsure = ask(&world, &path, "").await;
    assert_eq!(unsure.problem(), (503, "store_unavailable".to_owned()));
    let further = world.orders.try_recv().unwrap();
    end(&world, &further, Outcome::Completed);
    world.disk.set(State::Working);
    let called = ask(&world, &path, "").await;
    assert_eq!((called.status, &called.json()["calls_left"]), (202, &json!(1)));
    assert!(world.orders.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn h04_what_is_about_to_be_done_is_on_disk_first_and_makes_room_for_its_reply() {
    let mut world = World::new(short()).await;
    let (id, order) = world.start().await;
    world.disk.set(State::Slow);
    let path = format!("/v1/verifications/{id}/check");
    let mut checked = say(&world, "POST", &path, KEY, &wrong(&order)).await;
    assert!(is_silent(&mut checked).await);
    world.disk.set(State::Working);
    let checked = hear(checked).await;
    let kept = world.disk.replies.borrow().clone();
    assert_eq!((kept.len(), answered(&kept[0])), (1, &checked.body[..]));
}

#[tokio::test]
async fn m08_a_start_that_an_earlier_call_settles_is_told_so_when_its_end_is_on_disk() {
    let world = World::new(short()).await;
    super::missed_calls::ring(&world, 0);
    world.ask("GET", "/v1/missed-calls?from=%2B46701234567", "").await;
    world.disk.set(State::Slow);
    let mut started = say(&world, "POST", "/v1/verifications", KEY, WAIT).await;
    assert!(is_silent(&mut started).await);
    assert!(world.disk.replies.borrow().is_empty());
    world.disk.set(State::Working);
    let started = hear(started).await;
    assert_eq!((started.status, &started.json()["status"]), (201, &json!("verified")));
    let kept = world.disk.replies.borrow().clone();
    assert_eq!((kept.len(), answered(&kept[0])), (1, &started.body[..]));
}

/// Its end is not on disk, and the start is.
#[tokio::test]
async fn h04_a_start_that_an_earlier_call_settles_is_one_start_though_the_disk_fails_behind_it() {
    let world = World::new(short()).await;
    super::missed_calls::ring(&world, 0);
    world.ask("GET", "/v1/missed-calls?from=%2B46701234567", "").await;
    world.disk.set(State::Dying);
    let started = ask(&world, "/v1/verifications", WAIT).await;
    assert_eq!((started.status, &started.json()["status"]), (201, &json!("pending")));
    assert_eq!(started.json()["missed_call"]["matched_call"], json!(null));
    let replies = world.disk.replies.borrow().clone();
    assert_eq!((replies.len(), answered(&replies[0])), (1, &started.body[..]));
    world.disk.set(State::Working);
    let again = ask(&world, "/v1/verifications", WAIT).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&started.body, Some("true")));
    let path = format!("/v1/verifications/{}", started.json()["id"].as_str().unwrap());
    assert_eq!(world.ask("GET", &path, "").await.json()["status"], "verified");

    // So it is when the process ended there.
    let after = World::grown(Seed { replies, ..Seed::default() }).await;
    let again = ask(&after, "/v1/verifications", WAIT).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&started.body, Some("true")));
}

const WAIT: &str = "{\"to\":\"+46701234567\",\"method\":\"missed_call\"}";

fn answered(kept: &KeptReply) -> &[u8] {
    match &kept.answer {
        Answer::Reply { body, .. } => body,
        Answer::Intent(_) => panic!("there is no reply"),
    }
}
