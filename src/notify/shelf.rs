//! The messages of one endpoint, or of all callback URLs: those in memory, and what is known of the
//! rest on disk.
//!
//! Invariant: at most `capacity` messages, and those under way, are in memory. What does not fit is
//! left on disk and noted: from which id on there is more, and when the first of it is due. It is read
//! again when there is room. Whoever must go is the one due last of the lane with most, among receivers
//! that took their last message or among the others, whoever has more than half: one that is down gives
//! way to those that work.

mod census;
mod ends;
mod order;
mod places;
mod rest;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::figures::Tally;
use super::lane::Lane;
use super::message::{Endpoint, Message, MessageId};
use super::outbox::Of;
use super::recent::Recent;
use super::standing::{LastFailure, Standing};
use census::Census;
use ends::DISABLED;
use order::lane_of;
use places::Places;
pub(super) use places::{Group, Listed};
use rest::Rest;

/// The messages of one endpoint, or of all callback URLs.
pub(super) struct Shelf {
    pub(super) of: Of,
    pub(super) tally: Arc<Tally>,
    bounds: Bounds,
    held: BTreeMap<MessageId, Held>,
    lanes: BTreeMap<Arc<str>, Lane>,
    places: Places,
    /// Hosts of callbacks that took what they were sent last.
    takers: Recent<Arc<str>>,
    rest: Rest,
    /// Messages whose rows are gone.
    gone: Recent<MessageId>,
    /// Dead letters.
    dead: Recent<MessageId>,
    census: Census,
    /// Why the last try that failed did so, and when.
    last_failure: Option<LastFailure>,
    effects: Vec<Effect>,
}

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Messages of one lane under way at once.
    pub(super) lane: usize,
    /// Messages of all lanes of a group under way at once.
    pub(super) group: usize,
    /// Messages in memory.
    pub(super) capacity: usize,
}

struct Held {
    message: Message,
    lane: Arc<str>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Asked,
    Flying(Flight),
    Waiting(Instant),
}

#[derive(Clone, Copy)]
struct Flight {
    /// It asks whether the receiver works.
    is_probe: bool,
    /// It left after the receiver had said 410: somebody wants to know whether that still holds.
    is_appeal: bool,
    /// Whose place it has.
    group: Group,
}

/// What is to be written, or said.
#[derive(Debug)]
pub(super) enum Effect {
    /// The receiver wants no more; what waited for it are dead letters.
    Disabled,
    /// The receiver does not work.
    Down { lane: Arc<str>, failure: Failure },
    /// The receiver said 410, and somebody has its messages tried again.
    Enabled,
    /// A message waits for its next try, or is a dead letter.
    Later(Message),
    /// The endpoint is left alone until then.
    Paused(Instant),
    /// A message was taken.
    Taken(MessageId),
    /// The receiver works again, after so long.
    Up { lane: Arc<str>, after: Duration },
}

impl Shelf {
    pub(super) fn new(of: Of, bounds: Bounds, now: Instant) -> Self {
        let places = Places::new(bounds.group, bounds.capacity / 2);
        Self {
            of,
            bounds,
            tally: Arc::default(),
            held: BTreeMap::new(),
            lanes: BTreeMap::new(),
            places,
            takers: Recent::default(),
            // What an earlier life left.
            rest: Rest::from_the_start(now),
            gone: Recent::default(),
            dead: Recent::default(),
            census: Census::new(now),
            last_failure: None,
            effects: Vec::new(),
        }
    }

    /// A message was committed: it is one more.
    pub(super) fn on_new(&mut self) {
        self.census.on_new();
    }

    /// Takes a message in, unless it is here already.
    pub(super) fn insert(&mut self, mut message: Message, due: Instant) {
        let id = message.id;
        if self.is_known(id) || self.dead.contains(&id) {
            return;
        }
        let name = lane_of(&message.endpoint);
        let lane = self.lane(&name);
        if lane.is_disabled {
            message.status = Some(410);
            message.error = Some(DISABLED.into());
            return self.bury(message);
        }
        lane.waiting.insert((due, id));
        let state = State::Waiting(due);
        self.held.insert(id, Held { message, lane: name.clone(), state });
        self.relist(&name);
        self.make_room();
    }

    /// Somebody asks for this message to be tried now. False when as many as may have been asked for and
    /// have not left.
    pub(super) fn ask(&mut self, message: Message, now: Instant) -> bool {
        let id = message.id;
        // It was taken since it was read.
        if self.gone.contains(&id) {
            return true;
        }
        let asked: usize = self.lanes.values().map(|lane| lane.asked.len()).sum();
        let name = match self.held.get_mut(&id) {
            Some(Held { state: State::Asked | State::Flying(_), .. }) => return true,
            Some(_) | None if asked >= self.bounds.capacity => return false,
            Some(Held { state, lane, .. }) => {
                if let (State::Waiting(due), Some(lane)) = (*state, self.lanes.get_mut(lane)) {
                    lane.waiting.remove(&(due, id));
                }
                *state = State::Asked;
                lane.clone()
            }
            None => {
                self.raise(&message);
                let lane = lane_of(&message.endpoint);
                let state = State::Asked;
                self.held.insert(id, Held { message, lane: lane.clone(), state });
                lane
            }
        };
        self.lane(&name).asked.insert((now, id));
        self.relist(&name);
        self.make_room();
        true
    }

    /// The next message that leaves now.
    pub(super) fn next(&mut self, now: Instant) -> Option<Message> {
        let name = self.places.next(now)?;
        let lane = self.lanes.get_mut(&name)?;
        let (id, is_probe) = lane.take(now)?;
        let (is_appeal, group) = (lane.is_disabled, lane.group);
        self.places.on_sent(group);
        self.relist(&name);
        let held = self.held.get_mut(&id)?;
        held.state = State::Flying(Flight { is_probe, is_appeal, group });
        Some(held.message.clone())
    }

    /// The message was taken, so long after its event.
    pub(super) fn taken(&mut self, id: MessageId, after: Duration, now: Instant) {
        let Some((message, name, flight)) = self.land(id) else { return };
        self.census.on_over(&message);
        self.gone.insert(id);
        self.tally.take(after);
        self.effects.push(Effect::Taken(id));
        self.on_answer(&name, true);
        let Some(lane) = self.lanes.get_mut(&name) else { return };
        // What left before the 410 was taken by a receiver that had not said it yet.
        if flight.is_appeal && std::mem::take(&mut lane.is_disabled) {
            self.tally.is_disabled.store(false, Ordering::Relaxed);
            self.effects.push(Effect::Enabled);
        }
        let since = lane.breaker.on_success();
        let is_owing = self.rest.settle(&name);
        if since.is_some() || is_owing {
            // Whoever had to wait for hours need not wait for a receiver that works.
            let waiting = std::mem::take(&mut lane.waiting);
            for (due, id) in waiting {
                let due = due.min(now);
                lane.waiting.insert((due, id));
                if let Some(held) = self.held.get_mut(&id) {
                    held.state = State::Waiting(due);
                }
            }
        }
        let after = since.map(|since| now.saturating_duration_since(since));
        if let Some(after) = after {
            self.tally.down.fetch_sub(1, Ordering::Relaxed);
            self.effects.push(Effect::Up { lane: name.clone(), after });
        }
        if is_owing || after.is_some_and(|after| after >= REVIVE_AFTER) {
            self.rest.revive(name.clone(), now);
        }
        self.relist(&name);
    }

    /// The message failed and is tried again at `next`, or never. The receiver asked to be left alone
    /// until `pause`.
    pub(super) fn failed(
        &mut self,
        id: MessageId,
        failure: Failure,
        next: Option<Instant>,
        pause: Option<Instant>,
        now: Instant,
    ) {
        let Some((mut message, name, flight)) = self.land(id) else { return };
        self.tally.fail(failure);
        self.on_answer(&name, false);
        self.last_failure = Some((failure, now));
        message.attempts = message.attempts.saturating_add(1);
        message.status = failure.status();
        message.error = Some(failure.to_string().into());
        message.next = next;
        // A host of callbacks may serve many who know nothing of each other.
        let is_named = matches!(self.of, Of::Named(_));
        if let Some(lane) = self.lanes.get_mut(&name) {
            if lane.breaker.on_failure(flight.is_probe, now) {
                self.tally.down.fetch_add(1, Ordering::Relaxed);
                self.effects.push(Effect::Down { lane: name.clone(), failure });
            }
            if let Some(until) = pause.filter(|_| is_named) {
                lane.paused_until = lane.paused_until.max(Some(until));
                self.effects.extend(lane.paused_until.map(Effect::Paused));
            }
        }
        match next {
            Some(due) if !failure.is_gone() => {
                self.effects.push(Effect::Later(message.clone()));
                self.insert(message, due);
            }
            Some(_) | None => self.bury(message),
        }
        if failure.is_gone() && is_named {
            self.disable(&name);
        }
        self.relist(&name);
    }

    /// The endpoint asked an earlier life to be left alone until then.
    pub(super) fn pause(&mut self, until: Instant) {
        if let Of::Named(name) = &self.of {
            let name = name.clone();
            self.lane(&name).paused_until = Some(until);
        }
    }

    /// How the receiver of `endpoint` does, and from when on it may be asked, if that is known.
    pub(super) fn standing(&self, endpoint: &Endpoint, now: Instant) -> Standing {
        match self.lanes.get(&lane_of(endpoint)) {
            Some(lane) => lane.standing(now),
            None => Standing::WORKING,
        }
    }

    /// Why the last try that failed did so, and when.
    pub(super) fn last_failure(&self) -> Option<LastFailure> {
        self.last_failure
    }

    /// A message that is under way.
    pub(super) fn flying(&self, id: MessageId) -> Option<&Message> {
        let held = self.held.get(&id)?;
        matches!(held.state, State::Flying(_)).then_some(&held.message)
    }

    /// When something can be done, if nothing happens before.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        [self.places.next_at(), self.read_at(now)].into_iter().flatten().min()
    }

    /// What has happened since the last time.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        self.tally.dead.store(self.census.dead(), Ordering::Relaxed);
        self.tally.living.store(self.census.living(), Ordering::Relaxed);
        let flying = self.places.flying();
        self.tally.in_memory.store((self.held.len() - flying) as u64, Ordering::Relaxed);
        self.tally.trying.store(flying as u64, Ordering::Relaxed);
        std::mem::take(&mut self.effects)
    }

    /// Takes the message out of the air: itself, its lane, and what its flight was for.
    fn land(&mut self, id: MessageId) -> Option<(Message, Arc<str>, Flight)> {
        let State::Flying(flight) = self.held.get(&id)?.state else { return None };
        let Held { message, lane: name, .. } = self.held.remove(&id)?;
        self.places.on_landed(flight.group);
        self.lanes.get_mut(&name)?.flying -= 1;
        Some((message, name, flight))
    }

    /// The message is in memory, or its row is gone.
    fn is_known(&self, id: MessageId) -> bool {
        self.held.contains_key(&id) || self.gone.contains(&id)
    }
}

/// A receiver that was down for less lost no message to it.
const REVIVE_AFTER: Duration = Duration::from_secs(60);
