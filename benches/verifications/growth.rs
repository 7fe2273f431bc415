//! Verifications for a long time, everything kept as shortly as the configuration allows: the file and
//! the memory reach a level and stay there.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use ringproof::store::clock::Reading;
use ringproof::store::{Opened, Settings};

use crate::crowd::Crowd;
use crate::daemon::Daemon;
use crate::trunk::Trunk;
use crate::{Failed, GROWTH, connections, cpu, disk, memory};

/// What was seen at a moment.
struct Sample {
    after: Duration,
    file: u64,
    /// In KiB.
    resident: u64,
}

/// Runs it; what is returned was missed.
pub(crate) fn run(place: &Path, seconds: u32, rate: u32) -> Result<Vec<String>, Failed> {
    let total = rate * seconds;
    println!("{total} verifications, {rate} a second, all forgotten within 90 s");
    let crowd = Crowd::new(total);
    let trunk = Trunk::start(GROWTH.1, &crowd)?;
    let daemon = Daemon::start(place, GROWTH, SHORT)?;
    let (outcome, samples) = thread::scope(|scope| {
        let load = scope.spawn(|| {
            crowd.verify(&daemon.socket, rate, connections(rate)).map_err(|error| error.to_string())
        });
        let samples = watch(&daemon, place, seconds, &|| load.is_finished());
        (load.join(), samples)
    });
    let (outcome, samples) = (outcome.map_err(|_| "the load panicked")??, samples?);
    daemon.stop()?;
    trunk.stop()?;
    outcome.failures.iter().for_each(|(kind, count)| println!("  {count} × {kind}"));
    let times = times_live(&place.join("journal"))?;
    let mut misses = judge(&samples);
    if outcome.verified < total as usize {
        misses.push(format!("{} of {total} verified", outcome.verified));
    }
    if times > 2.0 {
        misses.push(format!("the file is {times:.1} times what lives"));
    }
    Ok(misses)
}

/// Looks 20 times, each 30 s in the whole run.
fn watch(
    daemon: &Daemon,
    place: &Path,
    seconds: u32,
    is_over: &dyn Fn() -> bool,
) -> Result<Vec<Sample>, Failed> {
    println!("  after     file  resident    written      CPU   pending    ended");
    let (pid, from) = (daemon.pid().to_string(), Instant::now());
    let every = Duration::from_secs(seconds.into()) / 20;
    let (mut samples, mut before) = (vec![], (disk::written(&pid)?, 0));
    for nth in 1..=20 {
        let due = every * nth;
        while from.elapsed() < due && !is_over() {
            thread::sleep(Duration::from_millis(50));
        }
        let file = fs::metadata(place.join("journal"))?.len();
        let resident = memory::resident(&pid)?;
        let now = (disk::written(&pid)?, cpu::process_nanos(daemon.pid())?);
        let over = every.as_secs_f64();
        println!(
            "{:5.0} s {:4} MiB {:5} MiB {:4.1} MB/s {:6.0} % {:9} {:8}",
            from.elapsed().as_secs_f64(),
            file >> 20,
            resident >> 10,
            (now.0 - before.0) as f64 / 1e6 / over,
            (now.1 - before.1) as f64 / 1e7 / over,
            daemon.metric("ringproof_verifications_pending", "")?,
            daemon.metric("ringproof_verifications_ended", "")?,
        );
        before = now;
        samples.push(Sample { after: from.elapsed(), file, resident });
    }
    Ok(samples)
}

/// How much of the file lives: what is left when it is compacted.
fn times_live(journal: &Path) -> Result<f64, Failed> {
    let file = fs::metadata(journal)?.len();
    drop(Opened::open(journal, Settings::default(), Reading::system())?.compact()?);
    let live = fs::metadata(journal)?.len();
    let times = file as f64 / live as f64;
    println!("compacted, the file has {} MiB: it was {times:.2} times as large", live >> 20);
    Ok(times)
}

/// The second half against the first, once everything that is kept for a while has begun to go.
fn judge(samples: &[Sample]) -> Vec<String> {
    let (first, second) = samples.split_at(samples.len() / 2);
    let Some(half) = first.last().filter(|half| half.after > SETTLED) else {
        println!("too short to say whether it grows: {SETTLED:?} must be over at half of it");
        return vec![];
    };
    let most = |of: fn(&Sample) -> u64| second.iter().map(of).max().unwrap_or_default();
    let (file, resident) = (most(|sample| sample.file), most(|sample| sample.resident));
    let mut misses = vec![];
    let level = |name: &str, half: u64, most: u64| {
        let share = (most as f64 / half as f64 - 1.0) * 100.0;
        println!("second half: {name} {share:+.1} % above the level at half time");
        share
    };
    if level("file", half.file, file) > 0.0 {
        misses.push("the file grew".to_owned());
    }
    if level("memory", half.resident, resident) > 5.0 {
        misses.push("the memory grew".to_owned());
    }
    misses
}

/// Everything is gone 90 s after it was written: verifications 10 s after their end, what counts for a
/// phone after a minute or when its verification is gone, events and replies after a minute.
const SHORT: &str = "journal.events_kept_for = \"1m\"\ncontrol.keep_replies = \"1m\"\n\
                     verify.expires_in = \"30s\"\nverify.expires_max = \"30s\"\n\
                     verify.keep_ended = \"10s\"\nverify.reuse_window = \"1m\"\n\
                     verify.starts_per_phone = [\"3 in 1m\"]\n\
                     verify.lock = \"1m\"\nverify.hard_lock = \"1m\"\n\
                     missed_calls.recent_window = \"1m\"\n";
/// When it has been swept for a while.
const SETTLED: Duration = Duration::from_secs(150);
