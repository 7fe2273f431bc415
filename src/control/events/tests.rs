//! What readers of the stream get.

#![expect(clippy::disallowed_methods, reason = "any instant will do")]

use std::pin::pin;
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use expect_test::expect;
use futures_util::FutureExt;

use super::*;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::CallRecord;

#[test]
fn an_event_is_a_frame_with_its_envelope() {
    let bus = bus(10);
    let mut reader = bus.subscribe(None).unwrap();
    bus.on_event(Event::CallPlaced(call()));
    bus.on_trunk("asterisk", false, Micros(START + 1_000));
    expect![[r#"
        id: 00001795169730123456-26afba3e
        event: call.placed
        data: {"type":"call.placed","timestamp":"2026-11-20T10:15:30.123Z","sequence":1795169730123456,"data":{"id":"call_00000000000000000000000007","verification":"ver_00000000000000000000000005","state":"placed","outcome":null,"ended_by":null,"trunk":null,"placed_at":"2026-11-20T10:15:30.123Z","invited_at":null,"first_response_at":null,"ringing_at":null,"hung_up_at":null,"ended_at":null,"sip_code":null,"q850_cause":null}}

        id: 00001795169730123457-26afba3e
        event: trunk.down
        data: {"type":"trunk.down","timestamp":"2026-11-20T10:15:30.124Z","sequence":1795169730123457,"data":{"name":"asterisk"}}

    "#]].assert_eq(&(next(&mut reader) + &next(&mut reader)));
    assert!(reader.next().now_or_never().is_none(), "there is no third event");
}

#[test]
fn a_reader_comes_back_where_it_was() {
    let bus = bus(10);
    (0..3).for_each(|_| bus.on_event(Event::CallPlaced(call())));
    let after = |number: u64| bus.subscribe(Some(number.to_string().parse().unwrap()));
    let mut reader = after(START).unwrap();
    assert!(next(&mut reader).starts_with(&format!("id: {:020}-", START + 1)));
    assert_eq!(after(START - 2).map(drop), Err(Gone), "of an earlier life");
    assert_eq!(after(START + 3).map(drop), Err(Gone), "of a later one");
}

#[test]
fn an_event_of_another_run_is_gone_although_the_clock_was_set_back() {
    let (before, after) = (run(10, 1), run(10, 2));
    for bus in [&before, &after] {
        (0..3).for_each(|_| bus.on_event(Event::CallPlaced(call())));
    }
    let frame = next(&mut before.subscribe(Some(START.to_string().parse().unwrap())).unwrap());
    let id: EventId = frame.lines().next().unwrap()["id: ".len()..].parse().unwrap();
    assert!(before.subscribe(Some(id)).is_ok());
    assert_eq!(after.subscribe(Some(id)).map(drop), Err(Gone));
}

#[test]
fn a_slow_reader_is_told_that_it_missed_events() {
    let bus = bus(10);
    let mut reader = bus.subscribe(None).unwrap();
    (0..11).for_each(|_| bus.on_event(Event::CallPlaced(call())));
    assert_eq!(reader.next().now_or_never(), Some(Err(Gone)));
    assert_eq!(bus.kept(), 10);
}

#[test]
fn an_event_wakes_nobody_when_nobody_reads() {
    let (bus, woken) = (bus(10), Arc::new(Wakes::default()));
    let waker = Waker::from(Arc::clone(&woken));
    let mut running = pin!(bus.run());
    let mut publish = || {
        assert!(running.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        bus.on_event(Event::CallPlaced(call()));
        woken.0.load(Ordering::Relaxed)
    };
    assert_eq!(publish(), 0);
    let reader = bus.subscribe(None).unwrap();
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
    let readers: Vec<_> = (0..3).map(|_| bus.subscribe(None).unwrap()).collect();
    let waiting: Vec<_> = readers
        .into_iter()
        .map(|mut reader| tokio::spawn(async move { reader.next().await.is_ok() }))
        .collect();
    let publish = async {
        tokio::task::yield_now().await;
        let bus = bus.clone();
        tokio::task::spawn_blocking(move || bus.on_event(Event::CallPlaced(call()))).await.unwrap();
        for reader in waiting {
            assert!(reader.await.unwrap());
        }
    };
    tokio::select! {
        () = bus.run() => {}
        () = publish => {}
    }
}

fn next(reader: &mut Reader) -> String {
    let frame = reader.next().now_or_never().expect("there is an event").unwrap();
    String::from_utf8(frame.to_vec()).unwrap()
}

fn bus(kept: usize) -> Arc<EventBus> {
    run(kept, 1)
}

fn run(kept: usize, seed: u64) -> Arc<EventBus> {
    let trunks = TrunkNames::new(["asterisk".into()]);
    EventBus::new(kept, trunks, Micros(START), &Entropy::seeded(seed))
}

fn call() -> Arc<CallRecord> {
    let record = CallRecord::new(CallId(7), VerificationId(5), Instant::now(), Micros(START));
    Arc::new(record)
}

const START: u64 = 1_795_169_730_123_456;
