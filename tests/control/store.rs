//! A store as a test plays it: it delays, refuses, fails and recovers.

use std::sync::Arc;

use ringproof::control::{
    EventBus, EventRange, KeptReply, Saving, Store, StoredEvent, Unavailable,
};
use ringproof::verify::Beginning;
use ringproof::verify::event::{Event, Listener, Told};
use tokio::sync::{mpsc, oneshot, watch};

use super::numbering::Numbering;

/// Where everything goes that must be on disk: one task writes it, in the order in which it comes.
pub(crate) struct Disk {
    queue: mpsc::Sender<Write>,
    pub(crate) bus: Arc<EventBus>,
    state: watch::Sender<State>,
    /// The replies that are on it.
    pub(crate) replies: watch::Sender<Vec<KeptReply>>,
    pub(crate) numbering: Numbering,
}

/// How a disk does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// It fails, and everybody knows.
    Broken,
    /// It fails after the next start, and nobody will have noticed.
    Dying,
    /// It fails, and nobody has noticed.
    Failing,
    /// Nothing is written, and nobody is answered.
    Slow,
    /// It works.
    Working,
}

type Answer = oneshot::Sender<Result<(), Unavailable>>;

enum Write {
    Barrier(Answer),
    Begin(Beginning, Option<KeptReply>, Answer),
    Forget(u64),
    Reply(KeptReply, Answer),
    Told(Told),
}

impl Disk {
    /// A disk that works. Must be called inside a tokio runtime.
    pub(crate) fn new(bus: Arc<EventBus>, numbering: Numbering) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(10_000);
        let (state, _) = watch::channel(State::Working);
        let (replies, _) = watch::channel(vec![]);
        let disk = Arc::new(Self { queue, bus, state, replies, numbering });
        tokio::spawn(write(waiting, disk.state.subscribe(), Arc::downgrade(&disk)));
        disk
    }

    /// How it does from now on.
    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    fn hand_over(&self, write: Write) {
        assert!(self.queue.try_send(write).is_ok(), "the queue is full, or its task is gone");
    }

    fn ask(&self, write: impl FnOnce(Answer) -> Write) -> Saving {
        let (answer, answered) = oneshot::channel();
        self.hand_over(write(answer));
        Box::pin(async { answered.await.unwrap_or(Err(Unavailable)) })
    }

    fn write(&self, write: Write) {
        match write {
            Write::Barrier(answer) => tell(answer, Ok(())),
            Write::Begin(beginning, reply, answer) => {
                beginning.events.iter().for_each(|event| self.numbering.on_event(event));
                self.replies.send_modify(|replies| replies.extend(reply));
                tell(answer, Ok(()));
            }
            Write::Forget(ticket) => {
                self.replies.send_modify(|all| all.retain(|reply| reply.ticket != ticket));
            }
            Write::Reply(reply, answer) => {
                self.replies.send_modify(|replies| {
                    replies.retain(|older| older.ticket != reply.ticket);
                    replies.push(reply);
                });
                tell(answer, Ok(()));
            }
            Write::Told(mut told) => {
                told.on_saved()();
                told.event.iter().for_each(|event| self.numbering.on_event(event));
            }
        }
    }
}

/// Whoever asked may have gone.
fn tell(answer: Answer, whether: Result<(), Unavailable>) {
    let _ = answer.send(whether);
}

/// What happened is held while the disk fails, everything else is refused.
async fn write(
    mut waiting: mpsc::Receiver<Write>,
    mut state: watch::Receiver<State>,
    disk: std::sync::Weak<Disk>,
) {
    let mut held = vec![];
    loop {
        let next = tokio::select! {
            biased;
            changed = state.changed() => if changed.is_ok() { None } else { return },
            next = waiting.recv() => if next.is_some() { next } else { return },
        };
        if state.wait_for(|state| *state != State::Slow).await.is_err() {
            return;
        }
        let Some(disk) = disk.upgrade() else { return };
        let is = *state.borrow();
        if matches!(is, State::Dying | State::Working) {
            let is_last = is == State::Dying && matches!(next, Some(Write::Begin(..)));
            held.drain(..).chain(next).for_each(|write| disk.write(write));
            if is_last {
                disk.set(State::Failing);
            }
            continue;
        }
        match next {
            Some(write @ (Write::Told(_) | Write::Forget(_))) => held.push(write),
            Some(Write::Barrier(answer) | Write::Begin(_, _, answer) | Write::Reply(_, answer)) => {
                tell(answer, Err(Unavailable))
            }
            None => {}
        }
    }
}

impl Store for Disk {
    fn is_writable(&self) -> bool {
        *self.state.borrow() != State::Broken
    }

    fn begin(&self, beginning: Beginning, reply: Option<KeptReply>) -> Result<Saving, Unavailable> {
        Ok(self.ask(|answer| Write::Begin(beginning, reply, answer)))
    }

    fn intend(&self, intent: KeptReply) -> Result<(), Unavailable> {
        drop(self.keep_reply(intent));
        Ok(())
    }

    fn keep_reply(&self, reply: KeptReply) -> Saving {
        self.ask(|answer| Write::Reply(reply, answer))
    }

    fn forget_reply(&self, ticket: u64) {
        self.hand_over(Write::Forget(ticket));
    }

    fn barrier(&self) -> Saving {
        self.ask(Write::Barrier)
    }

    fn events_after(&self, _: u64, _: usize) -> Result<Vec<StoredEvent>, Unavailable> {
        Ok(vec![])
    }

    fn event_range(&self) -> Result<EventRange, Unavailable> {
        Ok(self.bus.range())
    }
}

impl Listener for Disk {
    fn on_event(&self, event: Event) {
        self.on_told(Told::event(event));
    }

    fn on_told(&self, told: Told) {
        self.hand_over(Write::Told(told));
    }
}
