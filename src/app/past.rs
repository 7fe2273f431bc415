//! From a journal's file to what the daemon begins with.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::books::past::{self, Found};
use crate::config;
use crate::entropy::Entropy;
use crate::observe::RecoveryReading;
use crate::store::clock::{Away, Reading};
use crate::store::record::Secret;
use crate::store::{OpenError, Opened, ReadError, Report, SecretError};
use crate::verify::recover::{Past, Revival};
use crate::verify::{Task, TrunkNames, Verify};

/// A journal that was read back.
pub(super) struct Read {
    pub(super) opened: Opened,
    pub(super) found: Found,
    /// The key of the hashes of codes.
    pub(super) code_key: [u8; 32],
    /// The key of From tags.
    pub(super) tag_key: [u8; 16],
    /// How long that took.
    pub(super) took: Duration,
}

/// Why the daemon cannot begin with its journal.
#[derive(Debug, thiserror::Error)]
#[error("the journal {}: {why}", path.display())]
pub(super) struct JournalError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("a key in it has {found} bytes, {wanted} are right: it was damaged or edited")]
    Key { found: usize, wanted: usize },
    #[error("there is no folder for it: make {}, or set `journal.path`", .0.display())]
    NoFolder(PathBuf),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("it cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("a key cannot be kept in it: {0}")]
    Secret(#[from] SecretError),
}

/// Opens the journal and reads it back.
///
/// # Errors
///
/// Why not. The file is left as it is.
pub(super) fn read(
    config: &config::Journal,
    trunks: &TrunkNames,
    entropy: &Entropy,
) -> Result<Read, JournalError> {
    read_file(config, trunks, entropy)
        .map_err(|why| JournalError { path: config.path.clone(), why })
}

#[expect(clippy::disallowed_methods, reason = "an edge: it says how long it took")]
fn read_file(
    config: &config::Journal,
    trunks: &TrunkNames,
    entropy: &Entropy,
) -> Result<Read, Why> {
    let begin = Instant::now();
    let folder = config.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Why::NoFolder(folder.to_owned()));
    }
    let now = Reading::system();
    let opened = Opened::open(&config.path, config.settings, now)?;
    tell(&opened.report());
    let (opened, code_key) = key(opened, "codes", &now, entropy)?;
    let (opened, tag_key) = key(opened, "tags", &now, entropy)?;
    let found = past::read(&opened, trunks, Instant::now())?;
    Ok(Read { opened, found, code_key, tag_key, took: begin.elapsed() })
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

/// Has `verify` take over, after `records` were read since `began`: what the shards must do, and what
/// that came to.
#[expect(clippy::disallowed_methods, reason = "an edge: it says how long it took")]
pub(super) fn take_over(
    verify: &Verify,
    past: Past,
    (records, began): (u64, Instant),
) -> (Vec<Task>, RecoveryReading) {
    let Revival { tasks, pending, ended, homeless } = verify.recover(past, Instant::now());
    if homeless > 0 {
        warn!(homeless, "verifications whose pool the configuration has no more are forgotten");
    }
    info!(records, pending, ended, "what was told is known again");
    let recovered = [("ended", ended), ("homeless", homeless), ("pending", pending)];
    let mut recovered: Vec<_> =
        recovered.into_iter().map(|(what, count)| (what, count as u64)).collect();
    recovered.push(("records", records));
    (tasks, RecoveryReading { seconds: began.elapsed().as_secs_f64(), recovered })
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
    let (away, is_exact) = match away {
        Away::Known(away) => (away, true),
        Away::Supposed(away) => (away, false),
    };
    info!(commits, ?away, is_exact, "the journal goes on");
}
