//! What readers of the stream get.

use std::pin::pin;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use expect_test::expect;
use futures_util::FutureExt;
use tokio::time::timeout;

use super::super::outside::{Store, Unavailable};
use super::super::testing::Disk;
use super::reader::number;
use super::*;
use crate::time::Micros;

#[test]
fn an_event_is_a_frame_with_its_number_and_its_name() {
    let (bus, store) = (bus(10), Disk::with_events(0..0));
    let mut reader = bus.follow();
    for (number, is_up) in [(START, true), (START + 1, false)] {
        let event = render_trunk("asterisk", is_up, Micros(START));
        bus.publish(number, event.name, &event.data);
    }
    expect![[r#"
        id: 00001795169730123456
        event: trunk.up
        data: {"name":"asterisk"}

        id: 00001795169730123457
        event: trunk.down
        data: {"name":"asterisk"}

    "#]]
    .assert_eq(&(next(&mut reader, &store) + &next(&mut reader, &store)));
    assert!(look(&mut reader, &store).is_none(), "there is no third event");
}

#[test]
fn an_id_is_a_number_and_nothing_else() {
    assert_eq!(number("00001795169730123456"), Ok(START));
    assert_eq!(number("7"), Ok(7));
    for id in ["", "-1", "+1", "1-5f3a9c2e", "one", "99999999999999999999999"] {
        assert_eq!(number(id), Err(IdError), "{id}");
    }
}

#[tokio::test]
async fn a_reader_comes_back_where_it_was() {
    let (bus, store) = (bus(10), Disk::with_events(START..START + 3));
    publish(&bus, START..START + 3);
    let mut reader = after(&bus, &store, START).await.unwrap();
    assert!(next(&mut reader, &store).starts_with(&format!("id: {:020}\n", START + 1)));
    let kept = EventRange { oldest: START, latest: START + 2 };
    assert_eq!(after(&bus, &store, START - 2).await.map(drop), Err(Gone::Gone(kept)));
    assert_eq!(after(&bus, &store, START + 3).await.map(drop), Err(Gone::Never(kept)));
}

#[tokio::test]
async fn a_slow_reader_is_told_that_it_missed_events_although_they_are_on_disk() {
    let (bus, store) = (bus(10), Disk::with_events(START..START + 11));
    let mut reader = bus.follow();
    publish(&bus, START..START + 11);
    assert_eq!(look(&mut reader, &store), Some(Err(CutOff::TooSlow)));
    assert_eq!(bus.kept(), 10);
}

#[tokio::test]
async fn a_reader_from_long_ago_gets_each_event_once_page_by_page_until_the_ring_has_it() {
    let (bus, store) = (bus(10), Disk::with_events(START - 2_000..START + 5));
    publish(&bus, START..START + 5);
    let mut reader = after(&bus, &store, START - 1_501).await.unwrap();
    for place in START - 1_500..START + 5 {
        let frame = next_later(&mut reader, &store).await.unwrap();
        assert!(frame.starts_with(format!("id: {place:020}\n").as_bytes()), "{frame:?}");
    }
    assert!(look(&mut reader, &store).is_none(), "there are no more");
    assert_eq!(
        store.reads.load(Ordering::Relaxed),
        1_500_u64.div_ceil(256),
        "as few pages as there are"
    );
    publish(&bus, START + 5..START + 20);
    let late = next_later(&mut reader, &store).await;
    assert_eq!(late, Err(CutOff::TooSlow), "whoever has reached the ring lives off it");
}

#[tokio::test]
async fn events_that_happen_while_a_reader_turns_pages_are_not_missed() {
    let (bus, store) = (bus(3), Disk::with_events(START - 300..START + 900));
    publish(&bus, START..START + 3);
    let mut reader = after(&bus, &store, START - 301).await.unwrap();
    for place in START - 300..START + 900 {
        // The ring goes on, faster than the reader at first.
        let ahead = (START + 3 + 2 * (place + 300 - START)).min(START + 900);
        publish(&bus, ahead.saturating_sub(2).max(START)..ahead);
        let frame = next_later(&mut reader, &store).await.unwrap();
        assert!(frame.starts_with(format!("id: {place:020}\n").as_bytes()), "{frame:?}");
    }
}

/// As they are after a start that may lack commits.
#[tokio::test]
async fn a_reader_from_before_numbers_that_were_left_out_waits_for_the_next_event() {
    let (bus, store) = (bus(3), Disk::with_events(START - 1_000..START - 900));
    let mut reader = after(&bus, &store, START - 902).await.unwrap();
    assert!(next_later(&mut reader, &store).await.is_ok(), "the last on disk");
    let mut waiting = after(&bus, &store, START - 901).await.unwrap();
    for reader in [&mut reader, &mut waiting] {
        let next = timeout(Duration::from_millis(20), next_later(reader, &store)).await;
        assert!(next.is_err(), "{next:?}");
    }
    publish(&bus, START..START + 1);
    for reader in [&mut reader, &mut waiting] {
        let frame = next_later(reader, &store).await.unwrap();
        assert!(frame.starts_with(format!("id: {START:020}\n").as_bytes()), "{frame:?}");
    }
}

#[tokio::test]
async fn what_is_deleted_while_a_reader_turns_pages_cuts_it_off() {
    let (bus, store) = (bus(3), Disk::with_events(START - 1_000..START));
    let mut reader = after(&bus, &store, START - 1_001).await.unwrap();
    assert!(next_later(&mut reader, &store).await.is_ok());
    store.oldest.store(START - 10, Ordering::Relaxed);
    for _ in 1..256 {
        assert!(next_later(&mut reader, &store).await.is_ok(), "the page that it has");
    }
    assert_eq!(next_later(&mut reader, &store).await, Err(CutOff::TooSlow));
}

#[tokio::test]
async fn events_beyond_the_oldest_and_the_latest_are_gone() {
    let (bus, store) = (bus(3), Disk::with_events(START - 10..START));
    assert!(after(&bus, &store, START - 11).await.is_ok(), "the one before the oldest");
    let kept = EventRange { oldest: START - 10, latest: START - 1 };
    assert_eq!(after(&bus, &store, START - 12).await.map(drop), Err(Gone::Gone(kept)));
    assert!(after(&bus, &store, START - 1).await.is_ok(), "the latest");
    for later in [START, START + 1, u64::MAX] {
        assert_eq!(after(&bus, &store, later).await.map(drop), Err(Gone::Never(kept)), "{later}");
    }
    store.is_away.store(true, Ordering::Relaxed);
    let away = Err(Gone::Unavailable(Unavailable));
    assert_eq!(after(&bus, &store, START - 5).await.map(drop), away);
}

#[tokio::test]
async fn who_begins_with_the_oldest_gets_what_is_on_disk_and_what_follows() {
    for on_disk in [START - 5..START, START..START] {
        let (bus, store) = (bus(3), Disk::with_events(on_disk.clone()));
        publish(&bus, START..START + 2);
        let store: Arc<dyn Store> = store;
        let mut reader = subscribe(&bus, &store, Begin::Oldest).await.unwrap();
        assert_eq!(reader.seen(), on_disk.start - 1);
        for number in on_disk.start..START + 2 {
            let frame = reader.next(&store).await.unwrap();
            assert!(frame.starts_with(format!("id: {number:020}\n").as_bytes()), "{number}");
            assert_eq!(reader.seen(), number);
        }
    }
}

#[test]
fn an_event_wakes_nobody_when_nobody_reads() {
    let (bus, woken) = (bus(10), Arc::new(Wakes::default()));
    let waker = Waker::from(Arc::clone(&woken));
    let mut running = pin!(bus.run());
    let mut number = START;
    let mut publish = || {
        assert!(running.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        publish(&bus, number..number + 1);
        number += 1;
        woken.0.load(Ordering::Relaxed)
    };
    assert_eq!(publish(), 0);
    let reader = bus.follow();
    assert_eq!((publish(), publish()), (1, 2));
    drop(reader);
    assert_eq!((publish(), publish()), (2, 2));
}

/// Counts.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn every_waiting_reader_is_woken() {
    let bus = bus(10);
    let readers: Vec<_> = (0..3).map(|_| bus.follow()).collect();
    let store: Arc<dyn Store> = Disk::with_events(0..0);
    let wait = |mut reader: Reader| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { reader.next(&store).await.is_ok() })
    };
    let waiting: Vec<_> = readers.into_iter().map(wait).collect();
    let publish = async {
        tokio::task::yield_now().await;
        let bus = bus.clone();
        tokio::task::spawn_blocking(move || publish(&bus, START..START + 1)).await.unwrap();
        for reader in waiting {
            assert!(reader.await.unwrap());
        }
    };
    tokio::select! {
        () = bus.run() => {}
        () = publish => {}
    }
}

fn next(reader: &mut Reader, store: &Arc<Disk>) -> String {
    let frame = look(reader, store).expect("there is an event").unwrap();
    String::from_utf8(frame.to_vec()).unwrap()
}

async fn after(bus: &Arc<EventBus>, store: &Arc<Disk>, number: u64) -> Result<Reader, Gone> {
    let store: Arc<dyn Store> = store.clone();
    subscribe(bus, &store, Begin::After(number)).await
}

async fn next_later(reader: &mut Reader, store: &Arc<Disk>) -> Result<Bytes, CutOff> {
    let store: Arc<dyn Store> = store.clone();
    reader.next(&store).await
}

fn look(reader: &mut Reader, store: &Arc<Disk>) -> Option<Result<Bytes, CutOff>> {
    next_later(reader, store).now_or_never()
}

fn bus(kept: usize) -> Arc<EventBus> {
    EventBus::new(kept, START)
}

fn publish(bus: &EventBus, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| bus.publish(number, "x", b"{}"));
}

const START: u64 = 1_795_169_730_123_456;
