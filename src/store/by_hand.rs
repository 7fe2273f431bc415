//! A journal that is written by hand: for simulations, in which one thread is all there is and time is
//! an argument. What is committed, refused, held and announced is what the thread would (`committer`);
//! when, says whoever holds the hand.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::Receiver;

use super::clock::Reading;
use super::committer::{Committer, Group, Submission};
use super::engine::{Engine, Rest};
use super::event::Announce;
use super::journal::{self, Journal};
use super::opened::Opened;

/// Writes a journal when it is told to.
pub struct Hand {
    queue: Receiver<Submission>,
    waiting: VecDeque<Submission>,
    committer: Committer,
    state: State,
}

enum State {
    /// The disk failed.
    Broken(Rest),
    /// Between two states.
    Busy,
    Working(Engine),
}

/// A journal without a thread.
pub(super) fn start(opened: Opened, announce: Announce) -> (Journal, Hand) {
    let (journal, queue, committer, engine) = journal::join(opened, announce);
    let (waiting, state) = (VecDeque::new(), State::Working(engine));
    (journal, Hand { queue, waiting, committer, state })
}

impl Hand {
    /// How many batches and barriers wait.
    pub fn waiting(&mut self) -> usize {
        self.waiting.extend(self.queue.try_iter());
        self.waiting.len()
    }

    /// Commits the first so many of what waits as one, as the thread does with what it finds in its
    /// queue. While the disk does not work they are refused or held.
    pub fn commit(&mut self, count: usize, now: &Reading) {
        let count = self.waiting().min(count);
        let mut group = Group::default();
        for submission in self.waiting.drain(..count) {
            let part = self.committer.admit(submission);
            match (&self.state, part) {
                (State::Broken(_), Some(part)) => self.committer.refuse(part),
                (State::Busy | State::Broken(_) | State::Working(_), part) => group.add(part),
            }
        }
        self.state = match std::mem::replace(&mut self.state, State::Busy) {
            State::Working(engine) => match self.committer.commit(engine, group, &|| *now) {
                Ok(engine) => State::Working(engine),
                Err(rest) => State::Broken(rest),
            },
            other @ (State::Broken(_) | State::Busy) => other,
        };
    }

    /// Tries whether a disk that failed works again, as the thread does after a while.
    pub fn try_disk(&mut self, now: &Reading) {
        self.state = match std::mem::replace(&mut self.state, State::Busy) {
            State::Broken(rest) => match self.committer.try_disk(rest, &|| *now) {
                Ok(engine) => State::Working(engine),
                Err(rest) => State::Broken(rest),
            },
            other @ (State::Busy | State::Working(_)) => other,
        };
    }

    /// The process is killed: from now on nothing is written, whoever still holds the journal. When this
    /// is dropped instead, and the last [`Journal`] with it, the file is closed in order.
    pub fn kill(self) {
        self.committer.shared.tables.store(None);
        if let State::Working(engine) = self.state {
            drop(engine.give_up());
        }
    }
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hand").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
