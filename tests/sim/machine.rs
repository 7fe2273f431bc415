//! What a daemon with a journal runs on: clocks that people set, and a disk that loses what was not
//! synced, tears what was half written and gets bits wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use ringproof::store::clock::Reading;
use ringproof::store::disk::Disk as _;
use ringproof::store::memory::MemoryDisk;
use ringproof::store::{Batch, Durability, Kind, Opened, ReadError, Record, Settings};
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
    dice: Dice,
}

impl Machine {
    /// One that is switched on, with an empty disk.
    pub(crate) fn new(durability: Durability, start: Instant, dice: Dice) -> Self {
        let (disk, moment) = (Arc::default(), Arc::default());
        Self { disk, durability, start, moment, booted: start, boots: 1, skew: 0, dice }
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

    /// Somebody sets its wall clock while it is off, or while no daemon runs. Not forward while it is
    /// off: nothing then tells how long that was, and what is kept for an hour may be forgotten.
    pub(crate) fn set_ahead(&mut self, seconds: i64, death: Death) {
        self.skew = match death {
            Death::Power => self.skew.min(seconds),
            Death::Process => seconds,
        };
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
        Ok(opened)
    }

    /// The next commit fails somewhere, and so do all after it. Says whether it may leave a half.
    pub(crate) fn fail(&mut self) -> bool {
        match self.dice.between(0, 2) {
            // Nothing is written at all.
            0 => self.disk.break_after(Some(0)),
            1 => self.disk.limit(Some(self.disk.bytes().len() as u64)),
            _ => {
                self.disk.break_after(Some(self.dice.between(1, WRITES).into()));
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
        self.disk.break_after(Some(self.dice.between(0, WRITES).into()));
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
        // Everything in it is acknowledged by this.
        let opened = opened.commit(Batch::new(), &reading);
        let opened = opened.map_err(|error| broken(format!("a copy's disk fails: {error}")))?;
        let mut bytes = copy.bytes();
        let before = contents(&opened).map_err(|error| broken(format!("unreadable: {error}")))?;
        let place = self.dice.between(0, bytes.len() as u32 - 1) as usize;
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
