//! The journal of one daemon as a model: what its rooms want to be kept is written in order, each thing
//! so much later, and what was not written when the daemon is killed is gone, but for some of it that
//! nobody had been told is written.
//!
//! As in the daemon two ways lead in: what happened goes through a teller, who takes his time; starts,
//! and the records of their calls, do not. A disk that fails refuses what may be refused and holds the
//! rest until it works.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ringproof::gateway::inflight::{GhostEnd, InFlight, NotRecorded, Receipt, Records};
use ringproof::verify::event::{Event, Listener, Told};
use ringproof::verify::id::{CallId, VerificationId};
use ringproof::verify::note::{CallNote, Note};
use ringproof::verify::record::CallRecord;
use ringproof::verify::recover::Past;
use ringproof::verify::{Beginning, Task, Verify};

use crate::dice::Dice;

/// What a room asks for.
pub(crate) enum Asked {
    /// The record of a call is from now on this one, with its BYE.
    Answered(Box<InFlight>),
    /// The record of a call is to go.
    Forget(CallId),
    /// The shard with this index has a call that may ring.
    Record(usize, Box<InFlight>, Receipt),
    Told(Told),
}

/// Where a daemon's rooms say what is to be kept.
#[derive(Clone)]
pub(crate) struct Mouth(SyncSender<Asked>);

/// The mouth of one shard.
pub(crate) struct Clerk {
    pub(crate) mouth: Mouth,
    pub(crate) shard: usize,
}

impl Mouth {
    fn say(&self, asked: Asked) {
        let has_room = self.0.try_send(asked).is_ok();
        assert!(has_room, "the world listens after every step");
    }
}

impl Listener for Mouth {
    fn on_event(&self, event: Event) {
        self.on_told(Told::event(event));
    }

    fn on_told(&self, told: Told) {
        self.say(Asked::Told(told));
    }
}

impl Records for Clerk {
    fn record(&self, record: InFlight, receipt: Receipt) {
        self.mouth.say(Asked::Record(self.shard, Box::new(record), receipt));
    }

    fn answered(&self, record: InFlight) {
        self.mouth.say(Asked::Answered(Box::new(record)));
    }

    fn forget(&self, call: CallId) {
        self.mouth.say(Asked::Forget(call));
    }

    fn on_ghost_over(&self, call: CallId, _: GhostEnd) {
        self.mouth.say(Asked::Forget(call));
    }
}

/// A start that waits for its place on disk.
pub(crate) struct Begun {
    pub(crate) visit: usize,
    pub(crate) task: Task,
}

/// One batch.
struct Batch {
    due: Instant,
    notes: Vec<Note>,
    events: Vec<Event>,
    put: Option<Box<InFlight>>,
    deleted: Option<CallId>,
    then: Then,
}

/// Who hears what became of a batch.
enum Then {
    Begin(Begun),
    Mark(Box<dyn FnOnce() + Send>),
    Nobody,
    Record(usize, Receipt),
}

/// What became of something.
pub(crate) enum Done {
    /// A start is on disk.
    Begun(Begun),
    /// A shard is to look at the answers to its records.
    Recorded(usize),
    /// A start is refused.
    Refused(Begun),
}

/// The journal of a daemon, over all its lives.
pub(crate) struct Disk {
    pub(crate) mouth: Mouth,
    asked: Receiver<Asked>,
    /// What waits for the teller.
    untold: VecDeque<(Instant, Asked, Option<CallNote>)>,
    /// What waits for the disk.
    queue: VecDeque<Batch>,
    /// Until when it takes nothing.
    fails_until: Option<Instant>,
    dice: Dice,
    commit_ms: u32,
    trunks: Vec<Arc<str>>,
    /// Events that are on disk and that nobody has read.
    pub(crate) told: VecDeque<Event>,
    pub(crate) in_flight: BTreeMap<CallId, InFlight>,
    /// Calls that were ever on disk.
    pub(crate) calls_ever: BTreeSet<CallId>,
    calls: BTreeMap<CallId, CallNote>,
    verifications: BTreeMap<VerificationId, Note>,
    finals: BTreeMap<VerificationId, Note>,
    others: Vec<Note>,
}

impl Disk {
    /// An empty one.
    pub(crate) fn new(commit_ms: u32, trunks: Vec<Arc<str>>, dice: Dice) -> Self {
        let (mouth, asked) = sync_channel(ASKED_MAX);
        Self {
            mouth: Mouth(mouth),
            asked,
            untold: VecDeque::new(),
            queue: VecDeque::new(),
            fails_until: None,
            dice,
            commit_ms,
            trunks,
            told: VecDeque::new(),
            in_flight: BTreeMap::new(),
            calls_ever: BTreeSet::new(),
            calls: BTreeMap::new(),
            verifications: BTreeMap::new(),
            finals: BTreeMap::new(),
            others: vec![],
        }
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.fails_until.is_none()
    }

    /// Whether all that was asked for is done.
    pub(crate) fn is_idle(&self) -> bool {
        self.untold.is_empty() && self.queue.is_empty()
    }

    /// Takes what the rooms have said. Returns when the disk is to be looked at for it.
    pub(crate) fn take(&mut self, verify: &Verify, now: Instant) -> Vec<Instant> {
        let mut looks = vec![];
        while let Ok(asked) = self.asked.try_recv() {
            let call = match &asked {
                Asked::Record(_, record, _) => Some(record.call),
                Asked::Answered(_) | Asked::Forget(_) | Asked::Told(_) => None,
            };
            let note = call.and_then(|call| verify.note_of_call(call));
            if call.is_some_and(|call| verify.is_of_start(call)) {
                looks.push(self.submit((asked, note), now));
                continue;
            }
            let last = self.untold.back().map_or(now, |(due, ..)| *due);
            let due = (now + self.dice.millis(0, self.commit_ms.min(TELLER_MS))).max(last);
            self.untold.push_back((due, asked, note));
            looks.push(due);
        }
        looks
    }

    /// A start is to be written. Returns when the disk is to be looked at for it.
    pub(crate) fn begin(&mut self, begun: Begun, beginning: Beginning, now: Instant) -> Instant {
        let Beginning { notes, events } = beginning;
        self.push((notes, events), (None, None), Then::Begin(begun), now)
    }

    fn submit(&mut self, (asked, note): (Asked, Option<CallNote>), now: Instant) -> Instant {
        match asked {
            Asked::Answered(record) => {
                self.push((vec![], vec![]), (Some(record), None), Then::Nobody, now)
            }
            Asked::Forget(call) => {
                self.push((vec![], vec![]), (None, Some(call)), Then::Nobody, now)
            }
            Asked::Record(shard, record, receipt) => {
                let note = note.map(|note| Note::Call(self.invited(note, &record)));
                let notes = note.into_iter().collect();
                self.push((notes, vec![]), (Some(record), None), Then::Record(shard, receipt), now)
            }
            Asked::Told(mut told) => {
                let then = Then::Mark(Box::new(told.on_saved()));
                let events = told.event.into_iter().collect();
                self.push((told.notes, events), (None, None), then, now)
            }
        }
    }

    fn push(
        &mut self,
        (notes, events): (Vec<Note>, Vec<Event>),
        (put, deleted): (Option<Box<InFlight>>, Option<CallId>),
        then: Then,
        now: Instant,
    ) -> Instant {
        let last = self.queue.back().map_or(now, |batch| batch.due);
        let refusable = matches!(then, Then::Begin(_) | Then::Record(..));
        let due = match self.fails_until {
            Some(_) if refusable => now,
            Some(until) => until,
            None => (now + self.dice.millis(0, self.commit_ms)).max(last),
        };
        // A call as far as it is told of.
        let notes = notes.into_iter().map(fixed).collect();
        self.queue.push_back(Batch { due, notes, events, put, deleted, then });
        due
    }

    /// What the record of a call says of it besides: that its INVITE is about to leave.
    fn invited(&self, note: CallNote, record: &InFlight) -> CallNote {
        let mut facts = note.facts;
        let after = record.invited.saturating_duration_since(note.record.placed);
        facts.moments.invited.get_or_insert(after.max(Duration::from_micros(1)));
        if facts.trunk.is_none() {
            let trunk = self.trunks.iter().position(|name| *name == record.trunk);
            facts.trunk = trunk.map(|trunk| trunk as u16);
        }
        CallNote { facts, ..note }
    }

    /// Time has passed.
    pub(crate) fn turn(&mut self, now: Instant) -> (Vec<Done>, Vec<Instant>) {
        let (mut done, mut looks) = (vec![], vec![]);
        while self.untold.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, asked, note)) = self.untold.pop_front() {
                looks.push(self.submit((asked, note), now));
            }
        }
        if self.fails_until.is_some() {
            self.refuse(&mut done);
        }
        while self.fails_until.is_none() && self.queue.front().is_some_and(|batch| batch.due <= now)
        {
            if let Some(batch) = self.queue.pop_front() {
                done.extend(self.commit(batch));
            }
        }
        (done, looks)
    }

    /// It takes nothing until then.
    pub(crate) fn fail(&mut self, until: Instant, now: Instant) -> (Vec<Done>, Vec<Instant>) {
        self.fails_until = Some(self.fails_until.map_or(until, |before| before.max(until)));
        self.turn(now)
    }

    /// It works again, if it does.
    pub(crate) fn mend(&mut self, now: Instant) -> (Vec<Done>, Vec<Instant>) {
        if self.fails_until.is_some_and(|until| until <= now) {
            self.fails_until = None;
            self.queue.iter_mut().for_each(|batch| batch.due = now);
        }
        self.turn(now)
    }

    fn refuse(&mut self, done: &mut Vec<Done>) {
        for batch in std::mem::take(&mut self.queue) {
            match batch.then {
                Then::Begin(begun) => done.push(Done::Refused(begun)),
                Then::Record(shard, receipt) => {
                    receipt.answer(Err(NotRecorded));
                    done.push(Done::Recorded(shard));
                }
                Then::Mark(_) | Then::Nobody => self.queue.push_back(batch),
            }
        }
    }

    fn commit(&mut self, mut batch: Batch) -> Option<Done> {
        let then = std::mem::replace(&mut batch.then, Then::Nobody);
        self.write(batch);
        match then {
            Then::Begin(begun) => return Some(Done::Begun(begun)),
            Then::Mark(mark) => mark(),
            Then::Nobody => {}
            Then::Record(shard, receipt) => {
                receipt.answer(Ok(()));
                return Some(Done::Recorded(shard));
            }
        }
        None
    }

    fn write(&mut self, batch: Batch) {
        batch.notes.into_iter().for_each(|note| self.put(note));
        if let Some(record) = batch.put {
            self.in_flight.insert(record.call, *record);
        }
        if let Some(call) = batch.deleted {
            self.in_flight.remove(&call);
        }
        self.told.extend(batch.events);
    }

    fn put(&mut self, note: Note) {
        match note {
            Note::Call(call) => {
                self.calls_ever.insert(call.record.id);
                self.calls.insert(call.record.id, call);
            }
            Note::Final(end) => drop(self.finals.insert(end.id, note)),
            Note::Forgotten { id, calls, .. } => {
                calls.iter().for_each(|call| drop(self.calls.remove(call)));
                self.verifications.remove(&id);
                self.finals.remove(&id);
            }
            Note::Verification(ref start) => drop(self.verifications.insert(start.id, note)),
            Note::Attempt(_) | Note::Lease(_) | Note::MissedCall(..) => self.others.push(note),
        }
    }

    /// The process is gone. Some of what it was about to write is there.
    pub(crate) fn die(&mut self) {
        let most = if self.is_writable() { self.queue.len() } else { 0 };
        for _ in 0..self.dice.between(0, most as u32) {
            if let Some(batch) = self.queue.pop_front() {
                self.write(batch);
            }
        }
        self.queue.clear();
        self.untold.clear();
        while self.asked.try_recv().is_ok() {}
    }

    /// Calls that may ring and whose verification is forgotten: nobody can tell of their end.
    pub(crate) fn orphans(&self) -> impl Iterator<Item = CallId> {
        self.in_flight.keys().filter(|call| !self.calls.contains_key(call)).copied()
    }

    /// The next process finds this. Each call once, as it was last written.
    pub(crate) fn past(&self) -> Past {
        let mut past = Past::default();
        let notes = self.others.iter().chain(self.finals.values()).cloned();
        let notes = notes.chain(self.calls.values().cloned().map(Note::Call).map(fixed));
        notes.chain(self.verifications.values().cloned()).for_each(|note| past.add(note));
        past
    }
}

fn fixed(note: Note) -> Note {
    match note {
        Note::Call(call) => {
            let record = Arc::new(restored(&call.record, &call.facts));
            Note::Call(CallNote { record, ..call })
        }
        other @ (Note::Attempt(_)
        | Note::Final(_)
        | Note::Forgotten { .. }
        | Note::Lease(_)
        | Note::MissedCall(..)
        | Note::Verification(_)) => other,
    }
}

/// A call as it is read back.
fn restored(call: &CallRecord, facts: &ringproof::verify::record::Facts) -> CallRecord {
    let placed = (call.placed, call.placed_at);
    CallRecord::restored(call.id, call.verification, placed, facts, call.planned_ring())
}

/// How long the teller takes at most.
const TELLER_MS: u32 = 2;
/// One step asks for a few things; a batch of timers, for as many as there are verifications.
const ASKED_MAX: usize = 1 << 12;
