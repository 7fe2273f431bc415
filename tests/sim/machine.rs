//! What a daemon with a journal runs on: clocks that people set, and a disk that loses what was not
//! synced, tears what was half written and gets bits wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use ringproof::store::clock::{AWAY_MAX, Away, Reading};
use ringproof::store::disk::Disk as _;
use ringproof::store::memory::MemoryDisk;
use ringproof::store::record::Secret;
use ringproof::store::{Batch, Durability, Hidden, Kind, Opened, ReadError, Record, Settings};
use ringproof::time::WallClock;

use crate::broken::{Broken, Rule, Verdict, ensure};
use crate::dice::Dice;

/// How a process ends without knowing it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Death {
    /// With the whole machine: what was not synced is gone, or there in part.
    Power,
    /// Alone: what was written is there.
    Process,
}

/// One machine.
pub(crate) struct Machine {
    disk: Arc<MemoryDisk>,
    durability: Durability,
    start: Instant,
    /// The present moment, in microseconds since the start.
    moment: Arc<AtomicU64>,
    booted: Instant,
    boots: u128,
    /// How many seconds the wall clock is ahead.
    skew: i64,
    leaps: usize,
    /// How many writes and syncs the last commit had.
    last: u64,
    dice: Dice,
}

impl Machine {
    /// One that is switched on, with an empty disk.
    pub(crate) fn new(durability: Durability, start: Instant, dice: Dice) -> Self {
        let (disk, moment) = (Arc::default(), Arc::default());
        Self {
            disk,
            durability,
            start,
            moment,
            booted: start,
            boots: 1,
            skew: 0,
            leaps: 0,
            last: 0,
            dice,
        }
    }

    /// It is this moment.
    pub(crate) fn set(&self, now: Instant) {
        let micros = u64::try_from((now - self.start).as_micros()).expect("a world is short");
        self.moment.store(micros, Ordering::Relaxed);
    }

    /// What tells the moment.
    pub(crate) fn clock(&self) -> Arc<dyn Fn() -> Instant + Send + Sync> {
        let (start, moment) = (self.start, Arc::clone(&self.moment));
        Arc::new(move || start + Duration::from_micros(moment.load(Ordering::Relaxed)))
    }

    /// What a daemon that begins takes for wall time.
    pub(crate) fn wall(&self) -> WallClock {
        let began = UNIX_EPOCH + Duration::from_secs(EPOCH.saturating_add_signed(self.skew));
        WallClock::new(self.start, began)
    }

    /// What its clocks show.
    pub(crate) fn reading(&self, now: Instant) -> Reading {
        let uptime = now - self.booted;
        Reading { instant: now, wall: self.wall().at(now), boot: self.boots, uptime }
    }

    /// Somebody sets its wall clock, while no daemon runs.
    pub(crate) fn set_ahead(&mut self, seconds: i64) {
        self.skew = seconds;
    }

    /// How often a daemon has believed that nobody was there for an hour: the machine was booted since
    /// the last commit, and its wall clock put forward.
    pub(crate) fn leaps(&self) -> usize {
        self.leaps
    }

    /// Opens the journal, or makes one on an empty disk. What was acknowledged must be in it.
    pub(crate) fn open(&mut self, now: Instant) -> Result<Opened, Broken> {
        let (is_new, reading) = (self.disk.bytes().is_empty(), self.reading(now));
        let disk = Arc::clone(&self.disk);
        let opened = Opened::on(disk, self.settings(), reading)
            .map_err(|error| broken(format!("the journal is refused: {error}")))?;
        if is_new {
            // As a file that is put in its place when it is whole.
            self.disk.sync().map_err(|error| broken(format!("a new disk fails: {error}")))?;
        }
        let report = opened.report();
        let is_whole = report.lost == 0 && !report.is_witness_damaged && report.is_new == is_new;
        ensure(is_whole, Rule::Memory, || format!("the journal lacks commits: {report:?}"))?;
        let has_leapt = report.away == Away::Supposed(AWAY_MAX);
        self.leaps += usize::from(has_leapt);
        let is_right = has_leapt || report.away.duration() <= now - self.start;
        ensure(is_right, Rule::Memory, || format!("it was away for {:?}", report.away))?;
        Ok(opened)
    }

    /// The next commit fails somewhere, and so do all after it. Says whether it may leave a half.
    pub(crate) fn fail(&mut self) -> bool {
        match self.dice.between(0, 2) {
            // Nothing is written at all.
            0 => self.disk.break_after(Some(0)),
            1 => self.disk.limit(Some(self.disk.bytes().len() as u64)),
            _ => {
                let calls = self.some_calls().max(1);
                self.disk.break_after(Some(calls));
                return true;
            }
        }
        false
    }

    /// The disk works again.
    pub(crate) fn mend(&self) {
        self.disk.break_after(None);
        self.disk.limit(None);
    }

    /// The process is gone after so many more writes.
    pub(crate) fn dies_soon(&mut self) {
        let calls = self.some_calls();
        self.disk.break_after(Some(calls));
    }

    /// How far a commit comes that does not come to its end: anywhere, or as far as its last words, the
    /// header of the tables and the flush.
    fn some_calls(&mut self) -> u64 {
        match self.dice.chance(50) {
            true => u64::from(self.dice.between(0, WRITES)),
            false => self.last.saturating_sub(self.dice.between(1, 4).into()),
        }
    }

    /// Something commits: how many words the disk had with it is what the next one is broken by.
    pub(crate) fn watch(&mut self, commit: impl FnOnce()) {
        let before = self.disk.calls();
        commit();
        self.last = self.disk.calls() - before;
    }

    /// The process is gone. What is left of its disk is for the next one.
    pub(crate) fn die(&mut self, death: Death, now: Instant) {
        self.mend();
        if death == Death::Power {
            let is_flipped = self.dice.chance(50);
            let dice = self.dice.stream();
            self.disk = Arc::new(match is_flipped {
                true => self.disk.lose_power_badly(IN_PLACE, dice),
                false => self.disk.lose_power(dice),
            });
            (self.booted, self.boots) = (now, self.boots + 1);
        }
    }

    /// One bit of what is safe is wrong: the journal is refused, says that something is lost, or says
    /// what it said before.
    pub(crate) fn check_flip(&mut self, now: Instant) -> Verdict {
        let (settings, reading) = (self.settings(), self.reading(now));
        let open = |bytes| Opened::on(Arc::new(MemoryDisk::of(bytes)), settings, reading);
        let copy = Arc::new(MemoryDisk::of(self.disk.bytes()));
        let opened = Opened::on(Arc::clone(&copy) as _, settings, reading);
        let opened = opened.map_err(|error| broken(format!("the journal is refused: {error}")))?;
        // One commit more, which acknowledges everything before it.
        let (mut last, old) = (Batch::new(), copy.bytes());
        last.put(Secret { name: "last".into(), bytes: Hidden([7].into()) });
        let opened = opened.commit(last, &reading);
        let opened = opened.map_err(|error| broken(format!("a copy's disk fails: {error}")))?;
        let mut bytes = copy.bytes();
        let before = contents(&opened).map_err(|error| broken(format!("unreadable: {error}")))?;
        let place = self.place(&old, &bytes);
        bytes[place] ^= 1 << self.dice.between(0, 7);
        let Ok(opened) = open(bytes) else { return Ok(()) };
        let report = opened.report();
        if report.lost > 0 || report.is_witness_damaged {
            return Ok(());
        }
        let is_harmless = contents(&opened).is_ok_and(|after| after == before);
        ensure(is_harmless, Rule::Memory, || {
            format!("a bit wrong in octet {place} is believed: {report:?}")
        })
    }

    /// Some octet of a disk: of all, or of those that its last commit has changed, without which the
    /// tables go back to the one before.
    fn place(&mut self, old: &[u8], new: &[u8]) -> usize {
        let is_new = |place: &usize| old.get(*place) != new.get(*place);
        let changed: Vec<_> = (0..new.len()).filter(is_new).collect();
        match self.dice.chance(50) && !changed.is_empty() {
            true => changed[self.dice.between(0, changed.len() as u32 - 1) as usize],
            false => self.dice.between(0, new.len() as u32 - 1) as usize,
        }
    }

    fn settings(&self) -> Settings {
        Settings { durability: self.durability, cache_bytes: 1 << 20, ..Settings::default() }
    }
}

/// All that a journal says.
fn contents(opened: &Opened) -> Result<Vec<Record>, ReadError> {
    let mut all = vec![];
    for kind in Kind::ALL {
        opened.visit(kind, |record| all.push(record))?;
    }
    Ok(all)
}

pub(crate) fn broken(what: String) -> Broken {
    Broken { rule: Rule::Memory, what }
}

/// Wall time at the beginning of a world, in seconds.
const EPOCH: u64 = 1_800_000_000;
/// About as many writes as a commit has.
const WRITES: u32 = 12;
/// What is written in place: the journal's first block and the header of its tables.
const IN_PLACE: usize = 4_096 + 512;
