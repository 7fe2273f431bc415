//! What the system lets this process do: how many files it may have open, and whether that is
//! enough for its connections; no core dumps.

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::settings;
use crate::config::Config;

/// Lets this process have as many files open as it may: distributions keep the soft limit at 1024
/// for the sake of `select`, which nothing here uses. Returns the limit that holds afterwards;
/// `None` when the system tells none.
pub(super) fn raise() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    Some(if raised.is_ok() { hard } else { soft })
}

/// Lets nobody find phone numbers and keys in a core dump: a panic aborts. The limit is 1 and not 0,
/// which core(5) knows to be ignored where dumps are piped to a program; the kernel writes and pipes
/// none at 1. Who may not raise a limit of 0 to 1 forbids dumps in another way, at a price: only root
/// then sees what `/proc` says of this process.
///
/// # Errors
///
/// What the system says when it grants neither.
pub(super) fn forbid_core_dumps() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 1, 1).or_else(|_| set_dumpable(false))
}

/// What the daemon would raise its limit to, as far as this process can tell.
pub(super) fn most() -> Option<u64> {
    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(_, hard)| hard)
}

/// What to say when `most` files are too few. Connections need files, and so does the gateway
/// itself.
pub(super) fn too_few(config: &Config, most: u64) -> Option<String> {
    let connections = settings::control(config).connections_max() as u64;
    let own = OWN_FILES + FILES_FOR_A_SHARD * u64::from(config.sip.shards);
    (connections + own > most).then(|| {
        format!(
            "`control.connections_max` allows {connections} connections, but a process may have \
             {most} files open here (`ulimit -Hn`) and the gateway needs up to {own} for itself: \
             connections beyond {} will wait",
            most.saturating_sub(own)
        )
    })
}

/// Standard streams, listeners, the runtime's own, and a few to spare.
const OWN_FILES: u64 = 24;
/// Two sockets, the poll and its waker.
const FILES_FOR_A_SHARD: u64 = 4;
