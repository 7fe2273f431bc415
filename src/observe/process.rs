//! What the operating system says about this process. Linux's `/proc`; a value that cannot be read
//! is left out of the scrape, because a wrong zero would be believed.

use std::fs;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeValLike;

/// The state of this process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    /// Time on a processor, in user and kernel mode, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Memory that is really there, in bytes.
    pub resident_bytes: Option<u64>,
    /// Open file descriptors.
    pub open_fds: Option<u64>,
    /// How many may be open.
    pub fds_max: Option<u64>,
}

impl Process {
    /// Asks the operating system.
    pub fn read() -> Self {
        Self {
            cpu_seconds: cpu_seconds(),
            resident_bytes: fs::read_to_string("/proc/self/status").ok().and_then(|s| resident(&s)),
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
            fds_max: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
        }
    }
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Some(micros as f64 / 1e6)
}

/// The line `VmRSS:     1234 kB` of proc(5).
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_files() {
        let process = Process::read();
        assert!(process.resident_bytes > Some(100_000), "{process:?}");
        assert!(process.open_fds >= Some(3) && process.open_fds <= process.fds_max, "{process:?}");
        assert!(process.cpu_seconds >= Some(0.0), "{process:?}");
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t    1234 kB\n"), Some(1_263_616));
        assert_eq!(resident("VmRSS:\t many kB\n"), None);
        assert_eq!(resident(""), None);
    }
}
