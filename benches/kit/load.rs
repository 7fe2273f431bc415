//! Verifications started through the API at an even rate, whatever the daemon answers and when: an
//! open loop.

use std::error::Error;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::exchange::{Answer, Ear, Exchange};
use crate::http;

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
    let (exchange, ear) = Exchange::open(socket, CONNECTIONS)?;
    let ask = |phone, due| exchange.ask(phone, due, http::post(PATH, None, &body(phone)));
    let mut all = Vec::with_capacity(total as usize);
    converse((&exchange, ear), (rate, total), ask, &mut |answer| {
        all.push(Started::from(answer));
        all.len() == total as usize
    })?;
    if all.len() < total as usize {
        return Err(format!("{} of {total} starts were answered", all.len()).into());
    }
    Ok(all)
}

/// Asks `total` times, `rate` a second, and hears answers until `on_answer` says that one was the last.
pub(crate) fn converse<A: Send>(
    (exchange, ear): (&Exchange<A>, Ear),
    pace: (u32, u32),
    ask: impl FnMut(u32, Instant) -> io::Result<()> + Send,
    on_answer: &mut dyn FnMut(Answer<A>) -> bool,
) -> Result<(), Box<dyn Error>> {
    thread::scope(|scope| {
        let pacer = scope.spawn(|| keep_pace(pace, ask));
        exchange.hear(ear, &mut |answer| match on_answer(answer) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })?;
        Ok(pacer.join().map_err(|_| "the client panicked")??)
    })
}

/// Has the n-th of `total` things done when it is due, `rate` a second.
fn keep_pace(
    (rate, total): (u32, u32),
    mut act: impl FnMut(u32, Instant) -> io::Result<()>,
) -> io::Result<()> {
    let from = Instant::now() + Duration::from_millis(50);
    for nth in 0..total {
        let due = from + Duration::from_secs_f64(f64::from(nth) / f64::from(rate));
        thread::sleep(due.saturating_duration_since(Instant::now()));
        act(nth, due)?;
    }
    Ok(())
}

impl From<Answer<u32>> for Started {
    fn from(answer: Answer<u32>) -> Self {
        let Answer { about: phone, sent_at, late, took, reply } = answer;
        Self { phone, sent_at, took, late, status: reply.status }
    }
}

/// Where verifications are started.
pub(crate) const PATH: &str = "/v1/verifications";
const CONNECTIONS: usize = 16;
