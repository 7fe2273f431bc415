//! The notifier with receivers on loopback: ids, sequences, secrets, clocks, and one that is dead.

#![expect(clippy::disallowed_methods, reason = "real receivers live in real time")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use standardwebhooks::Webhook;

use super::super::{
    Delivery, EndpointSettings, Filter, MessageId, Notifier, Of, Reach, RetryError, Settings, Trust,
};
use super::receiver::{Conduct, OK, Receiver, Seen};
use super::world::{Rows, SECRET, endpoint, message, named, reach};
use crate::delivery::DeliveryState;
use crate::entropy::Entropy;
use crate::time::WallClock;

const NEW_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const REFUSED: Conduct = Conduct::Reply("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n");

struct World {
    notifier: Notifier,
    rows: Arc<Rows>,
}

fn start(endpoints: Vec<EndpointSettings>, clock: WallClock) -> World {
    let settings = Settings { endpoints, callbacks: None, trust: Trust::Only(vec![]) };
    let rows: Arc<Rows> = Arc::default();
    let notifier = Notifier::start(&settings, rows.clone(), clock, &Entropy::seeded(1));
    World { notifier, rows }
}

fn clock() -> WallClock {
    WallClock::new(Instant::now(), SystemTime::now())
}

impl World {
    fn push(&self, n: u64, name: &str) -> MessageId {
        let message = message(n, named(name), Instant::now());
        let id = message.id;
        self.rows.insert(message.clone());
        self.notifier.push(message);
        id
    }

    async fn deliveries(&self, state: Option<DeliveryState>) -> Vec<Delivery> {
        let filter = Filter { of: Of::All, state, verification: None, after: None, limit: 100 };
        self.notifier.deliveries(filter).await.unwrap().items
    }
}

fn verifies(secret: &str, seen: &Seen) -> bool {
    Webhook::new(secret).unwrap().verify(&seen.body, &seen.headers).is_ok()
}

#[tokio::test]
async fn w06_a_receiver_that_goes_by_id_and_sequence_ends_right() {
    // Every second message is taken only after it was refused once.
    let count = AtomicUsize::new(0);
    let mut receiver = Receiver::start(None, move |seen| match seen.body.is_empty() {
        true => OK,
        false if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => REFUSED,
        false => OK,
    })
    .await;
    let world = start(vec![endpoint("a", &receiver.url())], clock());
    let ids: Vec<_> = (0..100).rev().map(|n| world.push(n, "a")).collect();
    while world.rows.len() > 0 {
        // Whoever was refused is asked for by hand, so that nobody waits.
        for waiting in world.deliveries(Some(DeliveryState::Waiting)).await {
            let asked = world.notifier.retry(waiting.id).await;
            // It may have been taken since the list was made.
            assert!(matches!(asked, Ok(()) | Err(RetryError::NotFound)), "{asked:?}");
        }
    }
    let mut seen = BTreeMap::new();
    let (mut latest, mut received) = (0, 0);
    while let Some(message) = receiver.seen() {
        received += 1;
        assert!(verifies(SECRET, &message));
        let id: MessageId = message.headers["webhook-id"].to_str().unwrap().parse().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
        latest = latest.max(body["sequence"].as_u64().unwrap());
        let before = seen.insert(id, message.body.clone());
        assert!(before.is_none_or(|before| before == message.body));
    }
    assert!(received > 150, "{received}");
    assert_eq!((seen.len(), latest), (100, 99));
    assert!(ids.iter().all(|id| seen.contains_key(id)));
    world.notifier.stop(Duration::from_secs(5)).await;
    let figures = &world.notifier.figures().endpoints[0];
    assert_eq!((figures.taken, figures.buried, figures.waiting, figures.trying), (100, 0, 0, 0));
}

#[tokio::test]
async fn w07_a_retry_by_hand_has_the_same_id_and_a_new_timestamp() {
    let is_fixed = Arc::new(AtomicBool::new(false));
    let fixed = is_fixed.clone();
    let mut receiver =
        Receiver::start(None, move |_| if fixed.load(Ordering::Relaxed) { OK } else { REFUSED })
            .await;
    let clock = clock();
    let world = start(vec![endpoint("a", &receiver.url())], clock.clone());
    let id = world.push(1, "a");
    let first = receiver.next().await;
    while world.deliveries(Some(DeliveryState::Waiting)).await.is_empty() {
        tokio::task::yield_now().await;
    }
    let [waiting] = &world.deliveries(None).await[..] else { panic!("one waits") };
    assert_eq!((waiting.id, waiting.attempts, waiting.status), (id, 1, Some(400)));
    assert_eq!(waiting.error.as_deref(), Some("it replied 400"));
    assert!(waiting.next_at.is_some());
    clock.resample(Instant::now(), SystemTime::now() + Duration::from_secs(100));
    is_fixed.store(true, Ordering::Relaxed);
    assert_eq!(world.notifier.retry(id).await, Ok(()));
    let second = receiver.next().await;
    assert_eq!(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert_ne!(first.headers["webhook-timestamp"], second.headers["webhook-timestamp"]);
    assert_eq!(world.notifier.retry(MessageId(9)).await, Err(RetryError::NotFound));
    let orphan = world.push(2, "removed");
    let gone = Err(RetryError::Gone(named("removed")));
    assert_eq!(world.notifier.retry(orphan).await, gone);
}

#[tokio::test]
async fn w09_a_secret_is_replaced_under_load_without_one_failure() {
    let both = vec![NEW_SECRET.parse().unwrap(), SECRET.parse().unwrap()];
    let knows_new = Arc::new(AtomicBool::new(false));
    let flag = knows_new.clone();
    let mut receiver = Receiver::start(None, move |seen| {
        let secret = if flag.load(Ordering::Relaxed) { NEW_SECRET } else { SECRET };
        if seen.body.is_empty() || verifies(secret, seen) { OK } else { REFUSED }
    })
    .await;
    let told = EndpointSettings {
        reach: Reach { secrets: both, ..reach() },
        ..endpoint("a", &receiver.url())
    };
    let world = start(vec![told], clock());
    for n in 0..1_000 {
        world.push(n, "a");
        if n == 500 {
            receiver.next().await;
            knows_new.store(true, Ordering::Relaxed);
        }
    }
    for _ in 1..1_000 {
        receiver.next().await;
    }
    world.notifier.stop(Duration::from_secs(5)).await;
    let figures = &world.notifier.figures().endpoints[0];
    assert_eq!(figures.taken, 1_000);
    assert!(figures.failed.iter().all(|(_, count)| *count == 0), "{figures:?}");
}

#[tokio::test]
async fn w10_a_clock_ten_minutes_off_is_refused_and_a_retry_succeeds_once_it_is_right() {
    for (is_ahead, word) in [(true, "far in future"), (false, "too old")] {
        let off = Duration::from_secs(600);
        let shown = SystemTime::now();
        let shown = if is_ahead { shown + off } else { shown - off };
        let clock = WallClock::new(Instant::now(), shown);
        let mut receiver = Receiver::start(None, |seen| {
            if seen.body.is_empty() || verifies(SECRET, seen) { OK } else { REFUSED }
        })
        .await;
        let world = start(vec![endpoint("a", &receiver.url())], clock.clone());
        let id = world.push(1, "a");
        let seen = receiver.next().await;
        let error = Webhook::new(SECRET).unwrap().verify(&seen.body, &seen.headers).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        while world.rows.get(id).is_some_and(|row| row.attempts == 0) {
            tokio::task::yield_now().await;
        }
        clock.resample(Instant::now(), SystemTime::now());
        assert_eq!(world.notifier.retry(id).await, Ok(()));
        assert!(verifies(SECRET, &receiver.next().await));
        world.notifier.stop(Duration::from_secs(5)).await;
        assert_eq!(world.rows.len(), 0);
    }
}

#[tokio::test]
async fn w04_a_dead_endpoint_with_50_000_messages_leaves_the_others_alone() {
    let stalled = Receiver::start(None, |_| Conduct::ReplyAndStall("")).await;
    let mut working = Receiver::start(None, |_| OK).await;
    let endpoints = vec![endpoint("dead", &stalled.url()), endpoint("b", &working.url())];
    let world = start(endpoints, clock());
    let mut alone = measure(&world, &mut working, 0).await;
    for n in 1_000..51_000 {
        world.push(n, "dead");
        if n.is_multiple_of(1_000) {
            tokio::task::yield_now().await;
        }
    }
    let mut beside = measure(&world, &mut working, 60_000).await;
    let p99 = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() * 99 / 100]
    };
    let (alone, beside) = (p99(&mut alone), p99(&mut beside));
    println!("p99 alone {alone:?}, beside 50,000 {beside:?}");
    assert!(beside < 5 * alone + Duration::from_millis(100), "{alone:?} became {beside:?}");
    let figures = world.notifier.figures();
    assert_eq!((figures.endpoints[0].taken, figures.endpoints[1].taken >= 999), (0, true));
    assert!(figures.endpoints[0].in_memory <= 2_048);
    assert_eq!(figures.endpoints[0].waiting + figures.endpoints[0].trying, 50_000);
    assert!(figures.endpoints[0].trying <= 8);
    // What is under way is cut off, and stays in the outbox.
    world.notifier.stop(Duration::ZERO).await;
    assert!((50_000..50_010).contains(&world.rows.len()));
}

#[tokio::test]
async fn messages_that_do_not_fit_into_the_queue_are_read_from_disk() {
    let mut receiver = Receiver::start(None, |_| OK).await;
    let world = start(vec![endpoint("a", &receiver.url())], clock());
    // Nobody else runs meanwhile, so the queue fills.
    for n in 0..6_000 {
        world.push(n, "a");
    }
    for _ in 0..6_000 {
        receiver.next().await;
    }
    world.notifier.stop(Duration::from_secs(5)).await;
    let figures = world.notifier.figures();
    assert_eq!((figures.endpoints[0].taken, world.rows.len()), (6_000, 0));
    assert_eq!(figures.endpoints[0].waiting, 0);
    assert_eq!(figures.left_on_disk, 6_000 - 4_096);
    assert!(receiver.seen().is_none(), "each came once");
}

/// How long each of 500 messages takes from its commit to its receiver.
async fn measure(world: &World, receiver: &mut Receiver, from: u64) -> Vec<Duration> {
    let mut times = vec![];
    for n in from..from + 500 {
        let begin = Instant::now();
        world.push(n, "b");
        receiver.next().await;
        times.push(begin.elapsed());
    }
    times
}
