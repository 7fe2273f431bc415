//! Lists of messages, page by page.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::{
    DeadFilter, Deliveries, EndpointReading, Filter, MessageId, Notifier, Of, Retried, RetryError,
    Settings, Trust,
};
use super::world::{BEGIN, Rows, callback, endpoint, message, named};
use crate::delivery::{DeliveryState, EndpointState};
use crate::entropy::Entropy;
use crate::time::WallClock;
use crate::time::testing::origin;

pub(super) fn world(rows: &Arc<Rows>) -> Notifier {
    let endpoints =
        vec![endpoint("a", "http://127.0.0.1:1/"), endpoint("b", "http://127.0.0.1:2/")];
    let settings = Settings { endpoints, callbacks: None, trust: Trust::Only(vec![]) };
    let clock = WallClock::new(origin(), std::time::UNIX_EPOCH + Duration::from_secs(BEGIN));
    Notifier::start(&settings, rows.clone(), clock, &Entropy::seeded(1))
}

fn dead(n: u64, name: &str, now: Instant) -> super::super::Message {
    let mut message = message(n, named(name), now);
    message.next = None;
    message
}

fn filter(of: Of, after: Option<MessageId>, limit: usize) -> Filter {
    Filter { of, state: Some(DeliveryState::Dead), verification: None, after, limit }
}

/// Follows a list to its end: how many pages, and which messages.
async fn follow(notifier: &Notifier, of: &Of, limit: usize) -> (usize, Vec<u64>) {
    let (mut pages, mut found, mut after) = (0, vec![], None);
    loop {
        let Deliveries { items, next } =
            notifier.deliveries(filter(of.clone(), after, limit)).await.unwrap();
        assert!(items.len() <= limit);
        pages += 1;
        found.extend(items.iter().map(|it| it.sequence));
        match next {
            None => return (pages, found),
            Some(_) => after = next,
        }
    }
}

#[tokio::test]
async fn w08_every_dead_letter_is_on_one_page() {
    let rows: Arc<Rows> = Arc::default();
    for n in 0..2_500 {
        rows.insert(dead(n, if n % 5 == 0 { "b" } else { "a" }, origin()));
    }
    let notifier = world(&rows);
    let all: Vec<u64> = (0..2_500).collect();
    assert_eq!(follow(&notifier, &Of::All, 1_000).await, (3, all.clone()));
    let of_b: Vec<_> = all.iter().copied().filter(|n| n % 5 == 0).collect();
    assert_eq!(follow(&notifier, &Of::Named("b".into()), 100).await, (5, of_b));
    assert_eq!(follow(&notifier, &Of::Urls, 100).await, (1, vec![]));
}

#[tokio::test]
async fn a_request_looks_at_a_bounded_number_of_messages() {
    let rows: Arc<Rows> = Arc::default();
    for n in 0..70_000 {
        rows.insert(dead(n, "a", origin()));
    }
    rows.insert(dead(70_000, "b", origin()));
    let notifier = world(&rows);
    let first = notifier.deliveries(filter(Of::Named("b".into()), None, 20)).await.unwrap();
    assert!(first.items.is_empty() && first.next.is_some(), "{first:?}");
    let (pages, found) = follow(&notifier, &Of::Named("b".into()), 20).await;
    assert_eq!((pages, found), (2, vec![70_000]));
}

#[tokio::test]
async fn w08_dead_letters_are_put_back_page_by_page_and_that_is_on_disk() {
    let rows: Arc<Rows> = Arc::default();
    for n in 0..1_500 {
        rows.insert(dead(n, "a", origin()));
    }
    let mut later = dead(1_500, "a", origin());
    later.created_at.0 += 1;
    let moment = later.created_at;
    rows.insert(later);
    rows.insert(dead(1_501, "removed", origin()));
    let notifier = world(&rows);
    let wanted =
        DeadFilter { of: Of::All, since: None, before: Some(moment), after: None, limit: 1_000 };
    let first = notifier.retry_dead(wanted.clone()).await.unwrap();
    let last = rows.get(first.next.unwrap()).unwrap();
    assert_eq!((first.waiting, first.left, last.sequence), (1_000, 0, 999));
    let second = notifier.retry_dead(DeadFilter { after: first.next, ..wanted.clone() }).await;
    assert_eq!(second, Ok(Retried { waiting: 500, left: 1, next: None }));
    let dead = |n| rows.get(message(n, named("a"), origin()).id).unwrap().next.is_none();
    assert_eq!(
        [0, 999, 1_000, 1_499, 1_500, 1_501].map(dead),
        [false, false, false, false, true, true]
    );
    let since = DeadFilter {
        of: Of::Named("a".into()),
        since: Some(moment),
        before: None,
        ..wanted.clone()
    };
    assert_eq!(notifier.retry_dead(since).await, Ok(Retried { waiting: 1, left: 0, next: None }));

    let removed = DeadFilter { of: Of::Named("removed".into()), ..wanted.clone() };
    let gone = notifier.retry_dead(removed).await;
    assert_eq!(gone, Err(RetryError::Gone(named("removed"))));
    rows.set_broken(true);
    assert!(matches!(notifier.retry_dead(wanted).await, Err(RetryError::Outbox(_))));
}

#[tokio::test]
async fn messages_for_endpoints_that_were_removed_are_counted_until_they_are_deleted() {
    let rows: Arc<Rows> = Arc::default();
    for n in 0..700 {
        rows.insert(dead(n, if n % 2 == 0 { "a" } else { "removed" }, origin()));
    }
    let late = origin() + Duration::from_secs(3_600);
    rows.insert(message(700, named("removed"), late));
    rows.insert(message(701, callback("https://example.com/"), late));
    let notifier = world(&rows);
    while notifier.figures().orphaned < 352 {
        tokio::task::yield_now().await;
    }
    let shown = notifier.endpoints().await.unwrap();
    let of = |name: Option<&str>| {
        let mut found = shown.iter().filter(|it| it.name.as_deref() == name);
        let EndpointReading { state, host, waiting, dead, .. } = found.next().unwrap().clone();
        (state, host.map(|host| host.to_string()), waiting, dead)
    };
    assert_eq!(of(Some("removed")), (EndpointState::Gone, None, 1, 350));
    assert_eq!(of(None), (EndpointState::Gone, None, 1, 0));
    assert_eq!(of(Some("b")), (EndpointState::Working, Some("127.0.0.1".into()), 0, 0));
    notifier.forget(vec![dead(1, "removed", origin()), dead(2, "a", origin())]).await;
    assert_eq!(notifier.figures().orphaned, 351);
}
