//! So many verifications a second, and how each went.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::crowd::{Crowd, Outcome};
use crate::daemon::Daemon;
use crate::trunk::{Counts, Trunk};
use crate::{Failed, LOAD, connections, disk, figures, threads};

/// Runs it; what is returned was missed.
pub(crate) fn run(place: &Path, seconds: u32, rate: u32) -> Result<Vec<String>, Failed> {
    let total = rate * seconds;
    println!("{total} verifications, {rate} a second, durability \"power\"");
    let crowd = Crowd::new(total);
    let trunk = Trunk::start(LOAD.1, &crowd)?;
    let daemon = Daemon::start(place, LOAD, "journal.durability = \"power\"\n")?;
    let (from, before) = (Instant::now(), Spent::read(&daemon, place)?);
    let outcome = crowd.verify(&daemon.socket, rate, connections(rate))?;
    let (elapsed, after) = (from.elapsed(), Spent::read(&daemon, place)?);
    let again = daemon.metric("ringproof_sip_retransmissions_total", "")?;
    let dropped = daemon.metric("ringproof_sip_dropped_total", "")?;
    let lost_lines = daemon.metric("ringproof_log_lines_lost_total", "")?;
    let commits = Commits::read(&daemon)?;
    daemon.stop()?;
    let counts = trunk.stop()?;
    println!(
        "verified           {:>9} of {total}, {} failures, sent or got again {again} (the trunk saw {}), \
         dropped {dropped}, strange {}",
        outcome.verified,
        outcome.failures.values().sum::<usize>(),
        counts.again,
        counts.strange
    );
    outcome.failures.iter().for_each(|(kind, count)| println!("  {count} × {kind}"));
    tell_times(&crowd, &outcome);
    commits.tell(elapsed);
    println!("log lines lost     {lost_lines:>9}");
    before.tell(&after, f64::from(total), elapsed);
    Ok(misses(total, again, counts, &outcome))
}

fn tell_times(crowd: &Crowd, outcome: &Outcome) {
    let millis = |times: &mut dyn Iterator<Item = Duration>| {
        figures::spread(times.map(|time| time.as_secs_f64() * 1e3).collect())
    };
    let (started, checked) = (&outcome.started, &outcome.checked);
    println!("start reply, ms    {}", millis(&mut started.iter().map(|it| it.took)));
    println!("  the client late  {}", millis(&mut started.iter().map(|it| it.late)));
    println!("check reply, ms    {}", millis(&mut checked.iter().map(|it| it.took)));
    println!("  the client late  {}", millis(&mut checked.iter().map(|it| it.late)));
    let to_wire = started.iter().filter_map(|start| crowd.to_wire(start)).collect();
    println!("start to INVITE, ms {}", figures::spread(to_wire));
}

fn misses(total: u32, again: f64, counts: Counts, outcome: &Outcome) -> Vec<String> {
    let mut misses = vec![];
    if outcome.verified < total as usize || !outcome.failures.is_empty() {
        misses.push(format!("{} of {total} verified", outcome.verified));
    }
    if again > 0.0 || counts.again > 0 || counts.strange > 0 {
        misses.push("messages were sent again".to_owned());
    }
    let mut took: Vec<_> = outcome.started.iter().map(|it| it.took.as_secs_f64() * 1e3).collect();
    took.sort_by(f64::total_cmp);
    let late = figures::percentile(&took, 0.99);
    if late > START_MILLIS {
        misses.push(format!("p99 of the answer to a start: {late:.1} ms, over {START_MILLIS}"));
    }
    misses
}

/// The goal at 2,000 verifications a second.
const START_MILLIS: f64 = 15.0;

/// What the journal's thread says of its commits, the few of the start among them.
struct Commits {
    count: f64,
    batches: f64,
    seconds: f64,
    /// Those that took 15 ms at most.
    quick: f64,
}

impl Commits {
    fn read(daemon: &Daemon) -> Result<Self, Failed> {
        let quick = daemon.metric("ringproof_journal_commit_seconds_bucket", "le=\"0.015\"")?;
        Ok(Self {
            count: daemon.metric("ringproof_journal_commits_total", "")?,
            batches: daemon.metric("ringproof_journal_batches_total", "")?,
            seconds: daemon.metric("ringproof_journal_commit_seconds_sum", "")?,
            quick,
        })
    }

    fn tell(&self, elapsed: Duration) {
        println!(
            "commits            {:>9.0} a second, {:.1} batches each, {:.2} ms in the mean, {:.1} % \
             longer than 15 ms",
            self.count / elapsed.as_secs_f64(),
            self.batches / self.count,
            self.seconds * 1e3 / self.count,
            (1.0 - self.quick / self.count) * 100.0
        );
    }
}

/// What was used up to a moment.
struct Spent {
    /// Processor time of the daemon's threads, in nanoseconds.
    daemon: BTreeMap<String, u64>,
    /// Of this program, with the threads that have ended.
    client: u64,
    /// Bytes that the daemon had written to disks, and how many of them are its log.
    written: u64,
    logged: u64,
}

impl Spent {
    fn read(daemon: &Daemon, place: &Path) -> Result<Self, Failed> {
        Ok(Self {
            daemon: threads::nanos(daemon.pid())?,
            client: own_nanos()?,
            written: disk::written(&daemon.pid().to_string())?,
            logged: fs::metadata(place.join("ringproof.log"))?.len(),
        })
    }

    fn tell(&self, after: &Self, total: f64, elapsed: Duration) {
        let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / total / 1e3;
        println!(
            "written            {:>9.1} KB a verification, {:.1} of them the log",
            each(self.written, after.written),
            each(self.logged, after.logged)
        );
        println!("processor time:");
        let tell = |who: &str, nanos: u64| {
            let (micros, share) = (nanos as f64 / 1e3, nanos as f64 / 1e7);
            println!(
                "  {who:16} {:>9.1} µs a verification, {:3.0} % of one core",
                micros / total,
                share / elapsed.as_secs_f64()
            );
        };
        let before = |name: &String| self.daemon.get(name).copied().unwrap_or(0);
        let spent = |name: &String| after.daemon[name].saturating_sub(before(name));
        tell("daemon", after.daemon.keys().map(spent).sum());
        after.daemon.keys().for_each(|name| tell(&format!("  {name}"), spent(name)));
        tell("client and trunk", after.client - self.client);
    }
}

/// Processor time of this program, with that of threads that have ended, in nanoseconds.
fn own_nanos() -> Result<u64, Failed> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(u64::try_from(micros)? * 1_000)
}
