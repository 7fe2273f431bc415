//! A daemon with many pending verifications is killed under load, and started again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::daemon::Daemon;
use crate::http::Connection;
use crate::trunk::Trunk;
use crate::{Failed, RECOVERY, connections, cpu, crowd, http, load, memory, past};

/// Runs it; what is returned was missed.
pub(crate) fn run(place: &Path, pending: u32) -> Result<Vec<String>, Failed> {
    let pending = pending.div_ceil(1_000) * 1_000;
    println!("{pending} pending");
    let begin = Instant::now();
    past::make(&place.join("journal"), pending.into())?;
    println!("journal made in    {:>9.1} s", begin.elapsed().as_secs_f64());
    let crowd = Crowd::new(LOAD.0 * LOAD.1);
    let trunk = Trunk::start(RECOVERY.1, &crowd)?;
    let begin = Instant::now();
    let daemon = Daemon::start(place, RECOVERY, ROOM)?;
    tell("after an orderly end", begin.elapsed(), None, &daemon)?;
    // Killed while verifications begin, ring and end.
    let killed = thread::scope(|scope| {
        let socket = daemon.socket.clone();
        let load = scope.spawn(move || drop(crowd.verify(&socket, LOAD.0, connections(LOAD.0))));
        thread::sleep(Duration::from_secs(LOAD.1.into()) - Duration::from_millis(500));
        let killed = daemon.metric("ringproof_verifications_pending", "");
        drop(daemon);
        load.join().map_err(|_| "the load panicked").map(|()| killed)
    })??;
    println!(
        "killed with        {killed:>9} pending, {} MiB of journal",
        fs::metadata(place.join("journal"))?.len() >> 20
    );
    let begin = Instant::now();
    let daemon = Daemon::again(place)?;
    let ready = begin.elapsed();
    let (answered, refused) = start_many(&daemon, begin)?;
    tell("after a kill", ready, Some(answered), &daemon)?;
    let found = daemon.metric("ringproof_recovered", "pending")?;
    let took = Duration::from_secs_f64(daemon.metric("ringproof_recovery_seconds", "")?);
    daemon.stop()?;
    trunk.stop()?;
    let mut misses = vec![];
    let goal = if pending <= 10_000 { SMALL_MAX } else { LARGE_MAX };
    if took > goal {
        misses.push(format!("{pending} pending: taken over in {took:.2?}, over {goal:?}"));
    }
    if !refused.is_empty() {
        misses.push(format!("of {STARTS} starts were refused {refused:?}"));
    }
    if found < f64::from(pending) {
        misses.push(format!("{found} of {pending} were found again"));
    }
    Ok(misses)
}

/// One after the other; when the first was answered, and why others were not.
fn start_many(
    daemon: &Daemon,
    begin: Instant,
) -> Result<(Duration, BTreeMap<String, u32>), Failed> {
    let mut connection = Connection::open(&daemon.socket, Duration::from_secs(60))?;
    let (mut answered, mut refused) = (None, BTreeMap::new());
    for phone in 0..STARTS {
        let body = format!("{{\"to\":\"+4673{phone:07}\",\"method\":\"flash_call\"}}");
        let reply = connection.ask(&http::post(load::PATH, None, &body))?;
        match reply.status {
            201 => drop(answered.get_or_insert(begin.elapsed())),
            status => {
                let why = crowd::text(&reply, "code").unwrap_or_default();
                *refused.entry(format!("{status} {why}")).or_default() += 1;
            }
        }
    }
    Ok((answered.unwrap_or(Duration::MAX), refused))
}

fn tell(
    when: &str,
    ready: Duration,
    answered: Option<Duration>,
    daemon: &Daemon,
) -> Result<(), Failed> {
    let seconds = |time: Duration| format!("{:.3} s", time.as_secs_f64());
    println!("{when}:");
    println!("  ready            {:>9} after exec", seconds(ready));
    if let Some(answered) = answered {
        println!("  a start answered {:>9}", seconds(answered));
    }
    println!("  reading          {:>9.3} s", daemon.metric("ringproof_recovery_seconds", "")?);
    let processor = cpu::process_nanos(daemon.pid())? as f64 / 1e9;
    println!("  processor time   {processor:>9.3} s until now");
    println!(
        "  records          {:>9}, {} pending, {} ended, {} calls that might ring",
        daemon.metric("ringproof_recovered", "records")?,
        daemon.metric("ringproof_recovered", "pending")?,
        daemon.metric("ringproof_recovered", "ended")?,
        daemon.metric("ringproof_recovered", "calls")?,
    );
    println!("  resident         {:>9} MiB", memory::resident(&daemon.pid().to_string())? >> 10);
    Ok(())
}

/// Room for more than there are.
const ROOM: &str = "verify.expires_max = \"1h\"\nverify.pending_max = 4000000\n";
/// Starts a second, and for how many seconds.
const LOAD: (u32, u32) = (200, 4);
/// After it.
const STARTS: u32 = 100;
const SMALL_MAX: Duration = Duration::from_millis(200);
const LARGE_MAX: Duration = Duration::from_secs(10);
