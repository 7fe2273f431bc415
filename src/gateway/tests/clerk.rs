//! Who keeps the records of a shard in tests: answers when told to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::world::World;
use crate::gateway::Input;
use crate::gateway::inflight::{GhostEnd, InFlight, NotRecorded, Receipt, Records};
use crate::verify::id::CallId;

/// What the shard asked for.
pub(super) struct Clerk {
    words: Receiver<Word>,
    /// Records without an answer, oldest first.
    open: VecDeque<Receipt>,
    /// Every record, oldest first.
    pub(super) records: Vec<InFlight>,
    /// Calls that were forgotten, in order.
    pub(super) forgotten: Vec<CallId>,
    /// Calls of a gateway that died that are over, in order.
    pub(super) over: Vec<(CallId, GhostEnd)>,
}

enum Word {
    Answered(Box<InFlight>),
    Forget(CallId),
    Over(CallId, GhostEnd),
    Record(Box<InFlight>, Receipt),
}

struct Mouth(SyncSender<Word>);

impl Records for Mouth {
    fn record(&self, record: InFlight, receipt: Receipt) {
        self.0.send(Word::Record(Box::new(record), receipt)).unwrap();
    }

    fn answered(&self, record: InFlight) {
        self.0.send(Word::Answered(Box::new(record))).unwrap();
    }

    fn forget(&self, call: CallId) {
        self.0.send(Word::Forget(call)).unwrap();
    }

    fn on_ghost_over(&self, call: CallId, how: GhostEnd) {
        self.0.send(Word::Over(call, how)).unwrap();
    }
}

impl Clerk {
    /// Somebody to keep records, and the world whose calls need them.
    pub(super) fn of(world: World) -> (Self, World) {
        let (mouth, words) = sync_channel(1 << 14);
        let world = world.recorded_by(Arc::new(Mouth(mouth)));
        let (open, records, forgotten, over) = (VecDeque::new(), vec![], vec![], vec![]);
        (Self { words, open, records, forgotten, over }, world)
    }

    /// Hears what the shard asked for.
    pub(super) fn listen(&mut self) {
        while let Ok(word) = self.words.try_recv() {
            match word {
                Word::Answered(record) => self.records.push(*record),
                Word::Forget(call) => self.forgotten.push(call),
                Word::Over(call, how) => self.over.push((call, how)),
                Word::Record(record, receipt) => {
                    self.records.push(*record);
                    self.open.push_back(receipt);
                }
            }
        }
    }

    /// Answers the oldest record that has no answer, and rings.
    pub(super) fn answer(&mut self, answer: Result<(), NotRecorded>, world: &mut World) {
        self.listen();
        self.open.pop_front().unwrap().answer(answer);
        world.line(if answer.is_ok() { "<- recorded" } else { "<- not recorded" });
        world.handle(Input::Recorded);
        self.listen();
    }

    /// Loses the records that have no answer.
    pub(super) fn lose(&mut self) {
        self.listen();
        self.open.clear();
    }

    /// How many records have no answer.
    pub(super) fn open(&mut self) -> usize {
        self.listen();
        self.open.len()
    }
}
