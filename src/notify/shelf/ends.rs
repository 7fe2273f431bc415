//! What becomes of messages that are not taken: dead letters, which leave memory while their rows stay,
//! and rows that were deleted.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::super::message::Message;
use super::order::lane_of;
use super::{Effect, Held, Shelf, State};

impl Shelf {
    /// The message's row was deleted before it was taken. One that is under way may still be taken; if
    /// it is not, its row is written again, as old as it is, and deleted once more.
    pub(in super::super) fn forget(&mut self, message: &Message) {
        let id = message.id;
        match self.held.get(&id).map(|held| (held.lane.clone(), held.state)) {
            Some((name, State::Waiting(due))) => {
                if let Some(held) = self.held.remove(&id) {
                    self.census.on_over(&held.message);
                }
                if let Some(lane) = self.lanes.get_mut(&name) {
                    lane.waiting.remove(&(due, id));
                }
                self.relist(&name);
            }
            Some((_, State::Asked | State::Flying(_))) => return,
            None => {
                let is_ours = self.dead.remove(&id);
                match is_ours || message.next.is_none() {
                    true => self.census.on_erased(message, is_ours),
                    false => self.census.on_over(message),
                }
            }
        }
        // A page that was read before must not bring it back.
        self.gone.insert(id);
    }

    /// A dead letter waits again, like any other message, and is due now. An endpoint that said 410 is
    /// told again, until it says so once more. False when it is none any more.
    pub(in super::super) fn put_back(&mut self, mut message: Message, now: Instant) -> bool {
        // It was asked for, or taken, since it was read.
        if message.next.is_some() || self.is_known(message.id) {
            return false;
        }
        self.raise(&message);
        let lane = self.lane(&lane_of(&message.endpoint));
        if std::mem::take(&mut lane.is_disabled) {
            self.tally.is_disabled.store(false, Ordering::Relaxed);
            self.effects.push(Effect::Enabled);
        }
        message.next = Some(now);
        // On disk, too: memory may have no room for it, or end.
        self.effects.push(Effect::Later(message.clone()));
        self.insert(message, now);
        true
    }

    /// A dead letter leaves memory; its row stays.
    pub(super) fn bury(&mut self, mut message: Message) {
        message.next = None;
        self.dead.insert(message.id);
        self.census.on_buried(&message);
        self.tally.buried.fetch_add(1, Ordering::Relaxed);
        self.effects.push(Effect::Later(message));
    }

    /// A dead letter is tried again. Nothing happens if it is none.
    pub(super) fn raise(&mut self, message: &Message) {
        let is_ours = self.dead.remove(&message.id);
        if is_ours || message.next.is_none() {
            self.census.on_raised(message, is_ours);
        }
    }

    /// The receiver wants no more: what waits for it are dead letters.
    pub(super) fn disable(&mut self, name: &Arc<str>) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        if lane.is_disabled {
            return;
        }
        lane.is_disabled = true;
        let waiting = std::mem::take(&mut lane.waiting);
        self.tally.is_disabled.store(true, Ordering::Relaxed);
        self.effects.push(Effect::Disabled);
        for (_, id) in waiting {
            if let Some(Held { mut message, .. }) = self.held.remove(&id) {
                message.status = Some(410);
                message.error = Some(DISABLED.into());
                self.bury(message);
            }
        }
    }
}

/// What a dead letter says that was never tried.
pub(super) const DISABLED: &str = "the endpoint replied 410, so it is not told any more";
