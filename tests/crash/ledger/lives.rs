//! When the process lived.

use std::time::Duration;

/// All its lives, in order.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    pub(crate) all: Vec<Life>,
    /// When the machine itself stood still.
    pub(crate) standstills: Vec<(Duration, Duration)>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) spawned: Duration,
    /// When it first answered.
    pub(crate) ready: Option<Duration>,
    pub(crate) killed: Option<Duration>,
}

impl Lives {
    pub(crate) fn on_spawn(&mut self, at: Duration) {
        self.all.push(Life { spawned: at, ready: None, killed: None });
    }

    pub(crate) fn on_ready(&mut self, at: Duration) {
        let life = self.all.last_mut().expect("it lives");
        life.ready.get_or_insert(at);
    }

    pub(crate) fn on_kill(&mut self, at: Duration) {
        self.all.last_mut().expect("it lives").killed = Some(at);
    }

    /// Whether there was a kill between these moments, or so shortly before that it may explain
    /// what happened then.
    pub(crate) fn is_killed_between(&self, from: Duration, to: Duration) -> bool {
        self.all.iter().filter_map(|life| life.killed).any(|killed| (from..=to).contains(&killed))
    }

    /// Until when a phone that is engaged from then on must have been hung up: in the life that rang
    /// it as planned and [`LATE`], or as soon as a life lasted for [`AFTER_RESTART`]. `None` when the
    /// process never lived long enough.
    pub(crate) fn deadline(&self, engaged: Duration, ring: Duration) -> Option<Duration> {
        let first = self.all.iter().rposition(|life| life.spawned <= engaged)?;
        let planned = engaged + ring + LATE;
        self.all[first..].iter().enumerate().find_map(|(nth, life)| {
            let due = if nth == 0 { planned } else { life.spawned + AFTER_RESTART };
            life.killed.is_none_or(|killed| due <= killed).then_some(due)
        })
    }

    /// The machine stood still between these moments.
    pub(crate) fn on_standstill(&mut self, from: Duration, to: Duration) {
        self.standstills.push((from, to));
    }

    /// For how long it did while somebody had to hurry.
    pub(crate) fn stood_still(&self, from: Duration, to: Duration) -> Duration {
        let during = self.standstills.iter().filter(|(begin, end)| *begin < to && *end > from);
        during.map(|(begin, end)| *end - *begin).sum()
    }

    /// From spawn to the first answer, in order of length.
    pub(crate) fn restarts(&self) -> Vec<Duration> {
        let again = self.all.iter().skip(1);
        let mut all: Vec<_> = again.filter_map(|life| Some(life.ready? - life.spawned)).collect();
        all.sort();
        all
    }
}

const LATE: Duration = Duration::from_secs(3);
const AFTER_RESTART: Duration = Duration::from_secs(2);
