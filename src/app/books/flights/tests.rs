//! What a journal holds of calls that may ring, while whoever tells of events is held back.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Instant, SystemTime};

use super::*;
use crate::app::relay::Relay;
use crate::entropy::Entropy;
use crate::gateway::inflight::Answers;
use crate::notify;
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::store::clock::Reading;
use crate::store::memory::MemoryDisk;
use crate::store::{Journal, Kind, Opened, Record, Settings, Ticket};
use crate::time::WallClock;
use crate::verify::event::{Event, Listener};
use crate::verify::record::Ending;
use crate::verify::settings::PoolSettings;
use crate::verify::{Order, Start, TrunkNames};

struct Nobody;

impl Listener for Nobody {
    fn on_event(&self, _event: Event) {}
}

/// All that lies between a shard and the disk.
struct Desk {
    verify: Arc<Verify>,
    teller: Arc<Teller<Item>>,
    journal: Journal,
    flights: Flights,
    now: Instant,
}

impl Desk {
    #[expect(clippy::disallowed_methods, reason = "a journal has a clock")]
    fn new() -> Self {
        let now = Instant::now();
        let disk = Arc::new(MemoryDisk::default());
        let opened = Opened::on(disk, Settings::default(), Reading::system()).unwrap();
        let (journal, _) = opened.start(Box::new(|_| {})).unwrap();
        let (wall, entropy) = (WallClock::new(now, SystemTime::now()), Entropy::seeded(7));
        let relay = Arc::new(Relay::default());
        let teller = Teller::of_events(relay.clone()).unwrap();
        let pool = PoolSettings {
            name: "default".into(),
            numbers: vec!["+46876500[000-999]".parse().unwrap()],
        };
        let settings =
            crate::verify::Settings { pools: vec![pool], ..crate::verify::Settings::default() };
        let ear = Arc::clone(&teller) as Arc<dyn Listener>;
        let verify = Arc::new(Verify::new(settings, wall.clone(), entropy.clone(), ear).unwrap());
        let names = TrunkNames::new(["lab".into()]);
        let webhooks =
            notify::Settings { endpoints: vec![], callbacks: None, trust: notify::Trust::System };
        let (means, log) = ((entropy, wall, Arc::new(Instant::now) as _), Arc::new(Nobody));
        let scribe = Scribe::new(journal.clone(), names, webhooks, means, log);
        relay.set(scribe.clone());
        let flights = Flights::new(scribe, Arc::clone(&verify), Arc::clone(&teller));
        Self { verify, teller, journal, flights, now }
    }

    /// A second call of a verification whose first one is over.
    fn second_call(&self) -> Order {
        let start = Start::flash_call(E164::parse("+46701234567").unwrap());
        let started = self.verify.start(start, self.now).unwrap();
        self.verify.announce(&started.task);
        let first = started.task.call().unwrap();
        let (outcome, by) = (Outcome::Completed, Side::Us);
        let ending = Ending { outcome, by, sip_code: Some(487), q850_cause: None };
        first.call.on_ended(ending, self.now);
        self.verify.on_call_ended(&first.call);
        self.verify.call_again(started.snapshot.id, self.now).unwrap()
    }

    /// The teller does nothing until this is dropped.
    fn hold(&self) -> SyncSender<()> {
        let (let_go, held) = sync_channel::<()>(0);
        self.teller.then(move || {
            let _ = held.recv();
        });
        let_go
    }

    fn record(&self, order: &Order) {
        let address = "127.0.0.1:5060".parse().unwrap();
        let record = InFlight {
            call: order.call.id,
            verification: order.call.verification,
            trunk: "lab".into(),
            remote: address,
            local: address,
            invite: Box::default(),
            invited: self.now,
        };
        self.flights.record(record, Answers::new(1).open(1));
    }

    /// Waits until everything so far is on disk.
    fn settle(&self) {
        let (hand, ticket): (SyncSender<Ticket>, Receiver<Ticket>) = sync_channel(1);
        let journal = self.journal.clone();
        self.teller.then(move || hand.send(journal.barrier()).unwrap());
        assert_eq!(ticket.recv().unwrap().wait(), Ok(()));
    }

    fn records(&self, kind: Kind) -> Vec<Record> {
        self.journal.first(kind, 10).unwrap()
    }
}

#[test]
fn d04_a_further_call_that_may_have_left_is_not_written_over_by_that_it_was_placed() {
    let desk = Desk::new();
    let order = desk.second_call();
    let let_go = desk.hold();
    desk.verify.confirm(&order);
    desk.record(&order);
    drop(let_go);
    desk.settle();
    let calls = desk.records(Kind::Call);
    let is_it = |record: &&Record| matches!(record, Record::Call(call) if call.id == order.call.id);
    let Some(Record::Call(call)) = calls.iter().find(is_it) else { panic!("{calls:?}") };
    assert!(call.moments.first().is_some_and(Option::is_some), "{call:?}");
    assert_eq!(desk.records(Kind::InFlight).len(), 1);
}

#[test]
fn d04_a_record_that_is_late_is_gone_when_its_call_is() {
    let desk = Desk::new();
    let order = desk.second_call();
    let let_go = desk.hold();
    desk.verify.confirm(&order);
    desk.record(&order);
    desk.flights.forget(order.call.id);
    drop(let_go);
    desk.settle();
    assert_eq!(desk.records(Kind::InFlight), []);
}
