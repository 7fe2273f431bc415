//! Verifications started through the API at an even rate, whatever the daemon answers and when: an
//! open loop. Each connection of a handful is kept and has its share of the calls.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// Starts `rate` flash calls a second for some time, each to another phone.
pub(crate) fn flash_calls(
    socket: &Path,
    rate: u32,
    lasts: Duration,
) -> Result<Vec<Started>, Box<dyn Error>> {
    let body = |phone| format!("{{\"to\":\"+4670{phone:07}\",\"method\":\"flash_call\"}}");
    starts(socket, (rate, rate * u32::try_from(lasts.as_secs())?), &body)
}

/// Starts `total` verifications, `rate` a second; `body` is the request of the n-th one.
pub(crate) fn starts(
    socket: &Path,
    (rate, total): (u32, u32),
    body: &(impl Fn(u32) -> String + Sync),
) -> Result<Vec<Started>, Box<dyn Error>> {
    let from = Instant::now() + Duration::from_millis(50);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|first| {
                let phones = (first..total).step_by(CONNECTIONS as usize);
                scope.spawn(move || {
                    work(socket, phones, (from, rate), body).map_err(|e| e.to_string())
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
    (from, rate): (Instant, u32),
    body: &impl Fn(u32) -> String,
) -> Result<Vec<Started>, Box<dyn Error>> {
    let mut stream = BufReader::new(UnixStream::connect(socket)?);
    stream.get_ref().set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut all = vec![];
    for phone in phones {
        let due = from + Duration::from_secs_f64(f64::from(phone) / f64::from(rate));
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let late = due.elapsed();
        let sent_at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        let body = body(phone);
        let length = body.len();
        let request = format!(
            "POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.get_ref().write_all(request.as_bytes())?;
        let status = read_status(&mut stream)?;
        all.push(Started {
            phone,
            sent_at: u64::try_from(sent_at)?,
            took: due.elapsed(),
            late,
            status,
        });
    }
    Ok(all)
}

/// Reads one answer to its end.
fn read_status(stream: &mut BufReader<UnixStream>) -> Result<u16, Box<dyn Error>> {
    let (mut line, mut status, mut length) = (String::new(), None, 0);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let text = line.trim_end().to_ascii_lowercase();
        if text.is_empty() {
            break;
        }
        match text.split_once(": ") {
            Some(("content-length", digits)) => length = digits.parse()?,
            Some(_) => {}
            None => status = text.split(' ').nth(1).and_then(|code| code.parse().ok()),
        }
    }
    std::io::copy(&mut stream.take(length), &mut std::io::sink())?;
    status.ok_or_else(|| "an answer without a status".into())
}

const CONNECTIONS: u32 = 16;
