//! The journal of one daemon over all its lives: the books and the journal that the daemon has, on a disk
//! that loses, tears and flips. What is written and read back is theirs; when the teller tells, the
//! writer commits and the disk fails, is drawn here.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ringproof::app::rehearsal::{Books, Ear, First, Means};
use ringproof::control::{Saving, Unavailable};
use ringproof::entropy::Entropy;
use ringproof::gateway::inflight::Records;
use ringproof::store::{Announced, Kind};
use ringproof::verify::event::{Event, Listener};
use ringproof::verify::id::{CallId, VerificationId};
use ringproof::verify::recover::Revival;
use ringproof::verify::{Beginning, Task, TrunkNames, Verify};

use crate::broken::{Broken, Rule, Verdict, ensure};
use crate::checks::journal::Numbers;
use crate::dice::Dice;
use crate::found::{Found, replied, reply, unreadable};
use crate::machine::{Death, Machine, broken};
use crate::notebook::{self, Notebook};

/// A start that waits for its place on disk.
pub(crate) struct Begun {
    pub(crate) visit: usize,
    pub(crate) id: VerificationId,
    pub(crate) task: Task,
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

/// The journal of a daemon.
pub(crate) struct Disk {
    machine: Machine,
    dice: Dice,
    commit_ms: u32,
    trunks: TrunkNames,
    /// Of the process that runs.
    books: Option<Books>,
    /// When the teller comes to what waits for him.
    untold: VecDeque<Instant>,
    /// When what waits is committed.
    queue: VecDeque<Instant>,
    /// Until when the disk fails.
    fails_until: Option<Instant>,
    /// When a disk that failed is tried again.
    retry: Option<Instant>,
    /// What failed may have left a half that nobody could take back.
    is_torn: bool,
    saving: Vec<(Begun, Saving)>,
    bells: (SyncSender<usize>, Receiver<usize>),
    announced: (SyncSender<Announced>, Receiver<Announced>),
    notebook: Arc<Notebook>,
    pub(crate) numbers: Numbers,
    /// Events that are on disk and that nobody has read.
    pub(crate) told: VecDeque<Event>,
    /// Calls that were ever on disk.
    pub(crate) calls_ever: BTreeSet<CallId>,
    /// Calls that may ring and whose verification is forgotten: nobody can tell of their end.
    pub(crate) orphans: Vec<CallId>,
    /// Verifications whose start is on disk.
    created: BTreeSet<VerificationId>,
}

impl Disk {
    /// An empty one.
    pub(crate) fn new(machine: Machine, commit_ms: u32, trunks: TrunkNames, dice: Dice) -> Self {
        Self {
            machine,
            dice,
            commit_ms,
            books: None,
            untold: VecDeque::new(),
            queue: VecDeque::new(),
            fails_until: None,
            retry: None,
            is_torn: false,
            saving: vec![],
            bells: sync_channel(SAID_MAX),
            announced: sync_channel(SAID_MAX),
            notebook: Arc::new(Notebook::new(trunks.clone())),
            trunks,
            numbers: Numbers::default(),
            told: VecDeque::new(),
            calls_ever: BTreeSet::new(),
            orphans: vec![],
            created: BTreeSet::new(),
        }
    }

    pub(crate) fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// A process begins: it reads what the one before it has left.
    pub(crate) fn open(
        &mut self,
        ear: Ear,
        entropy: Entropy,
        now: Instant,
    ) -> Result<First, Broken> {
        self.machine.set(now);
        let opened = self.machine.open(now)?;
        let (next, mut found) = (opened.next_event(), Found::default());
        for kind in Kind::ALL {
            opened.visit(kind, |record| found.take(record)).map_err(unreadable)?;
        }
        self.take_found(found, next)?;
        let announced = self.announced.0.clone();
        let announce = move |events: &[Announced]| {
            for event in events {
                announced.try_send(event.clone()).expect("the world listens after every commit");
            }
        };
        let means = Means {
            entropy,
            wall: self.machine.wall(),
            clock: self.machine.clock(),
            trunks: self.trunks.clone(),
            audience: notebook::audience(),
            log: Arc::clone(&self.notebook) as Arc<dyn Listener>,
        };
        let reading = self.machine.reading(now);
        let begun = Books::begin(opened, ear, means, Box::new(announce), &reading);
        let (books, first) = begun.map_err(|why| broken(format!("no daemon begins: {why}")))?;
        self.books = Some(books);
        Ok(first)
    }

    /// What was written and not heard of is told now; what was heard of must be there.
    fn take_found(&mut self, found: Found, next: u64) -> Verdict {
        self.numbers.on_found(&found.events, next)?;
        Numbers::on_messages(&found.events, &found.messages)?;
        let last = self.numbers.last().unwrap_or_default();
        for event in found.events.iter().filter(|event| event.sequence > last) {
            self.numbers.on_told(event.sequence, &event.body)?;
            let event = self.notebook.find(&event.body)?;
            self.tell(event);
        }
        let is_orphan = |call: &CallId| !found.calls.contains(call);
        self.orphans = found.in_flight.into_iter().filter(is_orphan).collect();
        self.calls_ever.extend(found.calls);
        Ok(())
    }

    /// What a shard writes before it calls.
    pub(crate) fn records(&self, verify: &Arc<Verify>, shard: usize) -> Option<Arc<dyn Records>> {
        let bell = self.bells.0.clone();
        let ring = move || bell.try_send(shard).expect("the world listens after every commit");
        Some(self.books.as_ref()?.records(verify, ring))
    }

    /// Has the process take over from the one before it. Returns the replies to starts that it knows:
    /// the visit, and the verification.
    pub(crate) fn take_over(
        &mut self,
        verify: &Verify,
        calls: &[CallId],
    ) -> Result<(Revival, Vec<(usize, VerificationId)>), Broken> {
        let books = self.books.as_ref().ok_or_else(|| broken("no process".to_owned()))?;
        let taken = books.take_over(verify, calls);
        let (revival, replies) = taken.map_err(|why| broken(format!("no daemon begins: {why}")))?;
        let replies: Vec<_> = replies.iter().filter_map(replied).collect();
        // A start and its reply are one commit.
        let ids: BTreeSet<_> = replies.iter().map(|(_, id)| *id).collect();
        ensure(ids == self.created, Rule::Memory, || {
            format!("{:?} were started, and there are replies for {ids:?}", self.created)
        })?;
        Ok((revival, replies))
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.books.as_ref().is_some_and(|books| books.store().is_writable())
    }

    /// Whether all that was asked for is done.
    pub(crate) fn is_idle(&self) -> bool {
        let held = self.books.as_ref().map_or(0, |books| books.journal.held());
        self.untold.is_empty() && self.queue.is_empty() && self.saving.is_empty() && held == 0
    }

    /// A start is to be written. Returns when the disk is to be looked at for it.
    pub(crate) fn begin(
        &mut self,
        begun: Begun,
        beginning: Beginning,
        now: Instant,
    ) -> Vec<Instant> {
        self.machine.set(now);
        let Some(books) = &self.books else { return vec![] };
        beginning.events.iter().for_each(|event| self.notebook.on_event(event.clone()));
        let saving = books.store().begin(beginning, Some(reply(&begun, now)));
        self.saving.push((begun, saving.unwrap_or_else(|why| Box::pin(async move { Err(why) }))));
        let mut looks = self.schedule(now);
        looks.push(now);
        looks
    }

    /// Says when everything that has happened is on disk.
    pub(crate) fn barrier(&mut self, now: Instant) -> Option<Saving> {
        self.machine.set(now);
        Some(self.books.as_ref()?.store().barrier())
    }

    /// Takes what the rooms have said. Returns when the disk is to be looked at for it.
    pub(crate) fn schedule(&mut self, now: Instant) -> Vec<Instant> {
        let Self { books: Some(books), untold, queue, dice, commit_ms, .. } = self else {
            return vec![];
        };
        let mut looks = vec![];
        for (dues, waiting, most) in [
            (untold, books.untold(), TELLER_MS.min(*commit_ms)),
            (queue, books.hand().waiting(), *commit_ms),
        ] {
            while dues.len() < waiting {
                let last = dues.back().copied().unwrap_or(now);
                let due = (now + dice.millis(0, most)).max(last);
                dues.push_back(due);
                looks.push(due);
            }
        }
        looks
    }

    /// Time has passed.
    pub(crate) fn turn(&mut self, now: Instant) -> Result<(Vec<Done>, Vec<Instant>), Broken> {
        self.machine.set(now);
        let mut looks = self.schedule(now);
        let (reading, was_writable) = (self.machine.reading(now), self.is_writable());
        let Some(books) = &mut self.books else { return Ok((vec![], vec![])) };
        while self.untold.front().is_some_and(|due| *due <= now) {
            self.untold.pop_front();
            books.tell();
        }
        looks.extend(self.schedule(now));
        let Some(books) = &mut self.books else { return Ok((vec![], vec![])) };
        let due = self.queue.iter().take_while(|due| !was_writable || **due <= now).count();
        if due > 0 {
            self.queue.drain(..due);
            self.machine.watch(|| books.hand().commit(due, &reading));
        }
        if self.retry.is_some_and(|retry| retry <= now) {
            books.hand().try_disk(&reading);
            self.retry = None;
        }
        if !self.is_writable() {
            let retry = *self.retry.get_or_insert(now + RETRY);
            looks.push(retry);
        }
        self.is_torn &= self.fails_until.is_some() || !self.is_writable();
        Ok((self.outcomes()?, looks))
    }

    /// Who has an answer, and what readers of events hear.
    fn outcomes(&mut self) -> Result<Vec<Done>, Broken> {
        let mut done: Vec<_> = self.bells.1.try_iter().map(Done::Recorded).collect();
        for (begun, mut saving) in std::mem::take(&mut self.saving) {
            match poll(&mut saving) {
                None => self.saving.push((begun, saving)),
                Some(Ok(())) => done.push(Done::Begun(begun)),
                Some(Err(_)) => done.push(Done::Refused(begun)),
            }
        }
        while let Ok(event) = self.announced.1.try_recv() {
            self.numbers.on_told(event.sequence, &event.body)?;
            let found = self.notebook.find(&event.body)?;
            if let Event::CallPlaced(call) = &found {
                self.calls_ever.insert(call.id);
            }
            self.tell(found);
        }
        Ok(done)
    }

    fn tell(&mut self, event: Event) {
        if let Event::VerificationCreated(created) = &event {
            self.created.insert(created.id);
        }
        self.told.push_back(event);
    }

    /// The disk fails from the next commit on, until then.
    pub(crate) fn fail(&mut self, until: Instant) {
        self.fails_until = Some(self.fails_until.map_or(until, |before| before.max(until)));
        self.is_torn |= self.machine.fail();
    }

    /// It works again, if it does.
    pub(crate) fn mend(&mut self, now: Instant) {
        if self.fails_until.is_some_and(|until| until <= now) {
            self.fails_until = None;
            self.machine.mend();
        }
    }

    /// Whether a process that is killed now may leave what was refused: the disk broke down half way and
    /// did not take the old header back. Nobody can help that (`docs/ARCHITECTURE.md`).
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn && !self.is_writable()
    }

    /// The process is gone, in the middle of a commit perhaps, of which nobody hears.
    pub(crate) fn die(&mut self, death: Death, now: Instant) {
        self.machine.set(now);
        if let Some(mut books) = self.books.take() {
            if books.store().is_writable() && self.fails_until.is_none() {
                let untold = self.dice.between(0, books.untold() as u32);
                (0..untold).for_each(|_| books.tell());
                let waiting = self.dice.between(0, books.hand().waiting() as u32);
                if waiting > 0 {
                    self.machine.dies_soon();
                    books.hand().commit(waiting as usize, &self.machine.reading(now));
                }
            }
            books.kill();
        }
        (self.fails_until, self.retry, self.is_torn) = (None, None, false);
        self.saving.clear();
        self.untold.clear();
        self.queue.clear();
        self.bells.1.try_iter().for_each(drop);
        self.announced.1.try_iter().for_each(drop);
        self.machine.die(death, now);
    }

    /// How many calls may ring, by the journal; and everything in it must be right.
    pub(crate) fn check_end(&mut self) -> Result<usize, Broken> {
        let Some(books) = &self.books else { return Ok(0) };
        let mut found = Found::default();
        for kind in Kind::ALL {
            books.journal.visit(kind, |record| found.take(record)).map_err(unreadable)?;
        }
        self.numbers.on_found(&found.events, books.journal.last_event() + 1)?;
        Numbers::on_messages(&found.events, &found.messages)?;
        Ok(found.in_flight.len())
    }
}

/// What came of something, if it is known.
pub(crate) fn poll(saving: &mut Saving) -> Option<Result<(), Unavailable>> {
    match saving.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => None,
        Poll::Ready(answer) => Some(answer),
    }
}

/// How long the teller takes at most.
const TELLER_MS: u32 = 2;
/// As the writer's thread.
const RETRY: Duration = Duration::from_millis(250);
/// One commit tells of a few things; that of a disk which works again, of all that it missed.
const SAID_MAX: usize = 1 << 12;
