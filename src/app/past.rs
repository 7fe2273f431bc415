//! From a journal's file to what the daemon begins with.

use std::path::PathBuf;
use std::time::Instant;

use tracing::{error, info, warn};

use super::books::past::{self, Found};
use super::journal_advice;
use crate::config;
use crate::entropy::Entropy;
use crate::gateway::inflight::InFlight;
use crate::observe::RecoveryReading;
use crate::store::clock::{Away, Reading};
use crate::store::record::{self, Idempotency, Secret};
use crate::store::{Hold, Journal, OpenError, Opened, ReadError, Report, SecretError};
use crate::verify::id::CallId;
use crate::verify::recover::Revival;
use crate::verify::{Task, TrunkNames, Verify};

/// A journal that was read back.
pub(super) struct Read {
    pub(super) opened: Opened,
    /// Calls that may ring.
    pub(super) in_flight: Vec<InFlight>,
    /// The key of the hashes of codes.
    pub(super) code_key: [u8; 32],
    /// The key of From tags.
    pub(super) tag_key: [u8; 16],
}

/// Why the daemon cannot begin with its journal.
#[derive(Debug, thiserror::Error)]
#[error("the journal at {}: {why}", path.display())]
pub(super) struct JournalError {
    path: PathBuf,
    why: Why,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("a key in it has {found} bytes, {wanted} are right: it was damaged or edited")]
    Key { found: usize, wanted: usize },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("it cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("{0} records have a word in them that this release does not know: nothing is left out")]
    Unreadable(u64),
    #[error("a key cannot be kept in it: {0}")]
    Secret(#[from] SecretError),
}

impl JournalError {
    /// What to do about it; `None`: the error says it.
    pub(super) fn advice(&self) -> Option<&'static str> {
        match &self.why {
            Why::Key { .. } | Why::Read(_) | Why::Secret(SecretError::Read(_)) => {
                Some(journal_advice::DAMAGED)
            }
            Why::Open(error) => journal_advice::on_open(error),
            Why::Unreadable(_) => Some(journal_advice::NEWER),
            Why::Secret(SecretError::Commit(_)) => None,
        }
    }
}

/// Opens the journal and reads what cannot wait. `rang` are the calls of the strips beside it.
///
/// # Errors
///
/// Why not. The file is left as it is.
pub(super) fn read(
    config: &config::Journal,
    trunks: &TrunkNames,
    entropy: &Entropy,
    rang: Vec<record::InFlight>,
) -> Result<Read, JournalError> {
    read_file(config, trunks, entropy, rang)
        .map_err(|why| JournalError { path: config.path.clone(), why })
}

fn read_file(
    config: &config::Journal,
    trunks: &TrunkNames,
    entropy: &Entropy,
    rang: Vec<record::InFlight>,
) -> Result<Read, Why> {
    let now = Reading::system();
    let opened = Opened::open(&config.path, config.settings, now)?;
    tell(&opened.report());
    read_opened(opened, trunks, entropy, rang, &now)
}

/// Reads what cannot wait of a journal that was opened at `now`.
///
/// # Errors
///
/// Why not.
pub(super) fn read_opened(
    opened: Opened,
    trunks: &TrunkNames,
    entropy: &Entropy,
    rang: Vec<record::InFlight>,
    now: &Reading,
) -> Result<Read, Why> {
    let (opened, code_key) = key(opened, "codes", now, entropy)?;
    let (opened, tag_key) = key(opened, "tags", now, entropy)?;
    let in_flight = past::in_flight(&opened, trunks, rang, now.instant)?;
    Ok(Read { opened, in_flight, code_key, tag_key })
}

fn key<const N: usize>(
    opened: Opened,
    name: &str,
    now: &Reading,
    entropy: &Entropy,
) -> Result<(Opened, [u8; N]), Why> {
    let make = || {
        let mut key = [0; N];
        entropy.fill(&mut key);
        Box::from(key)
    };
    let (opened, Secret { bytes, .. }) = opened.secret(name, now, make)?;
    let wrong = |bytes: Box<[u8]>| Why::Key { found: bytes.len(), wanted: N };
    let key = <Box<[u8; N]>>::try_from(bytes.0).map_err(wrong)?;
    Ok((opened, *key))
}

/// What was taken over.
pub(super) struct Taken {
    /// What the shards must do.
    pub(super) tasks: Vec<Task>,
    /// Replies to requests with a key.
    pub(super) replies: Vec<Idempotency>,
    pub(super) reading: RecoveryReading,
}

/// Reads the journal, in which `calls` may ring, and has `verify` take over. It began at `began`.
///
/// # Errors
///
/// What cannot be read.
#[expect(clippy::disallowed_methods, reason = "an edge: it says how long it took")]
pub(super) fn take_over(
    config: &config::Journal,
    (journal, trunks, hold): (&Journal, &TrunkNames, Hold),
    verify: &Verify,
    calls: &[CallId],
    began: Instant,
) -> Result<Taken, JournalError> {
    let revived = revive((journal, trunks, Some(hold)), verify, calls, &Instant::now);
    let (revival, replies, records) =
        revived.map_err(|why| JournalError { path: config.path.clone(), why })?;
    let Revival { tasks, pending, ended, homeless } = revival;
    if homeless > 0 {
        warn!(
            homeless,
            "verifications by flash call stay in the journal: there is no `[[pool]]` for them"
        );
    }
    let took = began.elapsed();
    // A journal that is new was nobody's.
    if records > 0 || !calls.is_empty() {
        info!(
            records,
            pending,
            ended,
            calls = calls.len(),
            ?took,
            "took over from the process before"
        );
    }
    let calls = calls.len();
    let recovered =
        [("calls", calls), ("ended", ended), ("homeless", homeless), ("pending", pending)];
    let mut recovered: Vec<_> =
        recovered.into_iter().map(|(what, count)| (what, count as u64)).collect();
    recovered.push(("records", records));
    let reading = RecoveryReading { seconds: took.as_secs_f64(), recovered };
    Ok(Taken { tasks, replies, reading })
}

/// Has `verify` take over: what came of it, replies to requests with a key, and how many records
/// there are.
///
/// # Errors
///
/// What cannot be read.
pub(super) fn revive(
    (journal, trunks, hold): (&Journal, &TrunkNames, Option<Hold>),
    verify: &Verify,
    calls: &[CallId],
    clock: &dyn Fn() -> Instant,
) -> Result<(Revival, Vec<Idempotency>, u64), Why> {
    let Found { past, replies, unreadable, records } = past::read(journal, trunks, calls, clock())?;
    // A commit that failed meanwhile, for want of room, would have looked like a file that is damaged.
    drop(hold);
    match unreadable {
        0 => Ok((verify.recover(past, clock()), replies, records)),
        more => Err(Why::Unreadable(more)),
    }
}

fn tell(report: &Report) {
    let Report { is_new, commits, lost, is_witness_damaged, away } = *report;
    if is_new {
        return info!("the journal is new");
    }
    if lost > 0 {
        error!(
            lost,
            "the journal lacks its last commits, which were acknowledged: the file was damaged, or \
             the power was lost under `durability = \"process\"`"
        );
    }
    if is_witness_damaged {
        warn!("whether the journal lacks commits cannot be told: that part of it is damaged");
    }
    // A process that has nothing to write commits nothing, so this is no time between stop and start.
    let (since_last_commit, is_exact) = match away {
        Away::Known(away) => (away, true),
        Away::Supposed(away) => (away, false),
    };
    info!(commits, ?since_last_commit, is_exact, "the journal goes on");
}
