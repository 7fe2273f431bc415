//! Verifications started through the API at an even rate, whatever the daemon answers and when: an
//! open loop. Each connection of a handful is kept and has its share of the calls.

use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::http::{Connection, Reply};

/// One start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    /// Which one, from 0.
    pub(crate) phone: u32,
    /// When the request left, in microseconds since 1970.
    pub(crate) sent_at: u64,
    /// From when it should have left to its answer: what waits in the client counts.
    pub(crate) took: Duration,
    /// How much later than it should have it left.
    pub(crate) late: Duration,
    /// The status of the answer.
    pub(crate) status: u16,
}

/// How much is started, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Starts in a second.
    pub(crate) rate: u32,
    /// Starts.
    pub(crate) total: u32,
    /// Connections, each with one request at a time.
    pub(crate) connections: u32,
    /// Whether each has an `Idempotency-Key`.
    pub(crate) has_keys: bool,
}

/// Starts `rate` flash calls a second for some time, each to another phone.
pub(crate) fn flash_calls(
    socket: &Path,
    rate: u32,
    lasts: Duration,
) -> Result<Vec<Started>, Box<dyn Error>> {
    starts(socket, (rate, rate * u32::try_from(lasts.as_secs())?), &flash_call)
}

/// The request of the n-th one.
pub(crate) fn flash_call(phone: u32) -> String {
    format!("{{\"to\":\"+4670{phone:07}\",\"method\":\"flash_call\"}}")
}

/// Starts `total` verifications, `rate` a second; `body` is the request of the n-th one.
pub(crate) fn starts(
    socket: &Path,
    (rate, total): (u32, u32),
    body: &(impl Fn(u32) -> String + Sync),
) -> Result<Vec<Started>, Box<dyn Error>> {
    let pace = Pace { rate, total, connections: 16, has_keys: false };
    starts_heard(socket, pace, body, &|_, _| {})
}

/// The same; `hear` gets each answer as it comes.
pub(crate) fn starts_heard(
    socket: &Path,
    pace: Pace,
    body: &(impl Fn(u32) -> String + Sync),
    hear: &(impl Fn(u32, &Reply) + Sync),
) -> Result<Vec<Started>, Box<dyn Error>> {
    let from = Instant::now() + Duration::from_millis(50);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..pace.connections)
            .map(|first| {
                let phones = (first..pace.total).step_by(pace.connections as usize);
                scope.spawn(move || {
                    work(socket, phones, (from, pace), (body, hear)).map_err(|e| e.to_string())
                })
            })
            .collect();
        let mut all = vec![];
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a client panicked")??);
        }
        Ok(all)
    })
}

fn work(
    socket: &Path,
    phones: impl Iterator<Item = u32>,
    (from, pace): (Instant, Pace),
    (body, hear): (&impl Fn(u32) -> String, &impl Fn(u32, &Reply)),
) -> Result<Vec<Started>, Box<dyn Error>> {
    let mut connection = Connection::open(socket, Duration::from_secs(10))?;
    let mut all = vec![];
    for phone in phones {
        let due = from + Duration::from_secs_f64(f64::from(phone) / f64::from(pace.rate));
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let late = due.elapsed();
        let sent_at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        let key = pace.has_keys.then(|| format!("start-{phone:07}"));
        let reply = connection.post("/v1/verifications", key.as_deref(), &body(phone))?;
        let took = due.elapsed();
        hear(phone, &reply);
        let sent_at = u64::try_from(sent_at)?;
        all.push(Started { phone, sent_at, took, late, status: reply.status });
    }
    Ok(all)
}
