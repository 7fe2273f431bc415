//! People whom the daemon waits for, and who ring.

use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use crate::load;
use crate::sipp::Sipp;

/// Starts a verification of each phone, and says how many were refused.
pub(crate) fn pend(socket: &Path, phones: Range<u32>, did: &str) -> Result<usize, Box<dyn Error>> {
    let (first, total) = (phones.start, phones.end - phones.start);
    let body = |n: u32| {
        let phone = first + n;
        format!(
            "{{\"to\":\"+4670{phone:07}\",\"method\":\"missed_call\",\"did\":\"{did}\",\
             \"expires_in\":600}}"
        )
    };
    let started = load::starts(socket, (PENDED_PER_SECOND, total), &body)?;
    Ok(started.iter().filter(|start| start.status != 201).count())
}

/// SIPp at the port `from`, which rings the port `to` for each of the callers, in their order.
pub(crate) fn ring(
    place: &Path,
    callers: &[(u32, &str)],
    rate: u32,
    (from, to): (u16, u16),
) -> Result<Sipp, Box<dyn Error>> {
    let lines = callers.iter().map(|(phone, did)| format!("+4670{phone:07};{did}\n"));
    let file = place.join("callers.csv");
    fs::write(&file, format!("SEQUENTIAL\n{}", lines.collect::<String>()))?;
    let (to, file) = (format!("127.0.0.1:{to}"), file.to_string_lossy().into_owned());
    let (rate, calls) = (rate.to_string(), callers.len().to_string());
    let more = [&*to, "-inf", &file, "-r", &rate, "-m", &calls, "-l", "100000"];
    Sipp::start("bench-uac-missed", from, &more, (place, Duration::from_secs(300)))
}

const PENDED_PER_SECOND: u32 = 4_000;
