//! What a benchmark says of the machine it ran on.

use std::fs;

/// What else the machine does: processes that want to run, over the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
