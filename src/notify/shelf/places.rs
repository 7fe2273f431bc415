//! Whose turn it is, and who gives way: lanes in two groups that take nothing from each other.
//!
//! Invariant: receivers that took the last message that was sent to them have places and memory of their
//! own, which no others take, and the other way round. Clients choose the hosts of callbacks: whoever
//! gives ever new ones that take nothing holds up other new ones, and nobody who has been told before, as
//! far as a shelf remembers who that is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::super::lane::Lane;

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in super::super) enum Group {
    /// What it was sent last was taken; or it is an endpoint, which has its shelf to itself.
    Known,
    /// Nothing was sent to it for long, or the last was not taken.
    Other,
}

/// Both groups.
pub(super) struct Places {
    groups: [Members; 2],
    /// Messages of a group under way at once.
    max: usize,
    /// Messages of a group that may wait in memory when the other has as many.
    share: usize,
}

#[derive(Default)]
struct Members {
    /// Lanes that can go on, by the moment from which on they can.
    ready: BTreeSet<(Instant, Arc<str>)>,
    /// Lanes by how many wait in them.
    weights: BTreeSet<(usize, Arc<str>)>,
    /// Messages that wait.
    waiting: usize,
    /// Messages under way.
    flying: usize,
}

/// How a lane is listed.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Listed {
    group: Group,
    ready: Option<Instant>,
    weight: usize,
}

impl Places {
    pub(super) fn new(max: usize, share: usize) -> Self {
        Self { groups: Default::default(), max, share }
    }

    /// Lists a lane, whose next message may leave at `ready`.
    pub(super) fn list(&mut self, name: &Arc<str>, lane: &mut Lane, ready: Option<Instant>) {
        self.unlist(name, lane);
        let (group, weight) = (lane.group, lane.waiting.len());
        let members = self.of(group);
        members.waiting += weight;
        members.weights.insert((weight, name.clone()));
        members.ready.extend(ready.map(|at| (at, name.clone())));
        lane.listed = Some(Listed { group, ready, weight });
    }

    pub(super) fn unlist(&mut self, name: &Arc<str>, lane: &mut Lane) {
        let Some(Listed { group, ready, weight }) = lane.listed.take() else { return };
        let members = self.of(group);
        members.waiting -= weight;
        members.weights.remove(&(weight, name.clone()));
        if let Some(at) = ready {
            members.ready.remove(&(at, name.clone()));
        }
    }

    /// The lane that has waited longest and may send now, if one may.
    pub(super) fn next(&self, now: Instant) -> Option<Arc<str>> {
        let first = self.with_room().filter(|(at, _)| *at <= now).min()?;
        Some(first.1.clone())
    }

    /// When a lane may send, if nothing happens before.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.with_room().map(|(at, _)| *at).min()
    }

    /// The lane whose last message gives way: the largest of the group that has more than its share.
    pub(super) fn largest(&self) -> Option<Arc<str>> {
        let [known, other] = &self.groups;
        let is_other = other.waiting > self.share || known.waiting == 0;
        let members = if is_other { other } else { known };
        members.weights.last().map(|(_, name)| name.clone())
    }

    pub(super) fn on_sent(&mut self, group: Group) {
        self.of(group).flying += 1;
    }

    pub(super) fn on_landed(&mut self, group: Group) {
        self.of(group).flying -= 1;
    }

    /// Messages under way.
    pub(super) fn flying(&self) -> usize {
        self.groups.iter().map(|members| members.flying).sum()
    }

    /// The first of each group that has a place left.
    fn with_room(&self) -> impl Iterator<Item = &(Instant, Arc<str>)> {
        let groups = self.groups.iter().filter(|members| members.flying < self.max);
        groups.filter_map(|members| members.ready.first())
    }

    fn of(&mut self, group: Group) -> &mut Members {
        &mut self.groups[group as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::message::MessageId;
    use super::*;
    use crate::time::testing::origin;

    fn lane(group: Group, waiting: u128) -> Lane {
        let mut lane = Lane::new(group);
        lane.waiting.extend((0..waiting).map(|id| (origin(), MessageId(id))));
        lane
    }

    #[test]
    fn w04_whoever_has_more_than_half_gives_way_and_otherwise_whoever_has_something() {
        for (known, other, expected) in
            [(3, 3, "known"), (1, 5, "other"), (0, 3, "other"), (5, 0, "known")]
        {
            let mut places = Places::new(2, 4);
            let (mut known, mut other) = (lane(Group::Known, known), lane(Group::Other, other));
            places.list(&"known".into(), &mut known, None);
            places.list(&"other".into(), &mut other, None);
            assert_eq!(places.largest().as_deref(), Some(expected));
            places.unlist(&"known".into(), &mut known);
            places.unlist(&"other".into(), &mut other);
            assert_eq!(places.largest(), None);
        }
    }
}
