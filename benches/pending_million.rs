//! A million pending verifications: how much memory they take and how late they expire.
//!
//! `cargo bench --bench pending_million`. Each verification has its call record, its phone, its
//! lease and its timer in a wheel, as in the daemon; starts are paced over the time to live in
//! virtual time. Prints the resident memory (`VmRSS`), the time per start and how late
//! the last expiry was asked for; fails when it is over a gibibyte or one of them is missing.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "kit/memory.rs"]
mod memory;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ringproof::entropy::Entropy;
use ringproof::number::E164;
use ringproof::time::{WallClock, Wheel};
use ringproof::verify::event::{Event, Listener};
use ringproof::verify::id::VerificationId;
use ringproof::verify::settings::PoolSettings;
use ringproof::verify::{Settings, Start, Verify};

fn main() -> Result<(), Box<dyn Error>> {
    let counter = Arc::new(Counter::default());
    let zero = Instant::now();
    let verify = Verify::new(
        settings()?,
        WallClock::new(zero, SystemTime::now()),
        Entropy::system(),
        Arc::clone(&counter) as Arc<dyn Listener>,
    )?;
    let mut wheel = Wheel::new(zero);
    let before = memory::resident("self")? * 1_024;
    let spread = Duration::from_secs(600).checked_div(PENDING).unwrap_or_default();
    let clock = Instant::now();
    for nth in 0..PENDING {
        let to = E164::parse(&format!("+4670{nth:07}"))?;
        let request = Start::flash_call(to);
        let started = verify.start(request, zero + spread * nth)?;
        let order = started.task.call().ok_or("a flash call is an order")?;
        verify.confirm(&order);
        wheel.arm(order.wake_at.ok_or("a start names its timer")?, order.verification);
    }
    let took = clock.elapsed();
    let full = memory::resident("self")? * 1_024;
    println!("pending            {:>12}", verify.census().pending.size);
    println!("time per start     {:>12.2?}", took / PENDING);
    println!("resident, empty    {:>12} KiB", before / 1_024);
    println!("resident, full     {:>12} KiB", full / 1_024);
    println!("per verification   {:>12} B", full.saturating_sub(before) / u64::from(PENDING));

    let late = expire(&verify, &mut wheel, zero);
    println!("ended              {:>12}", counter.ended.load(Ordering::Relaxed));
    println!("latest expiry      {late:>12.2?} after its time");
    println!("resident, expired  {:>12} KiB", memory::resident("self")? * 1_024 / 1_024);
    let is_good = full <= GIBIBYTE
        && counter.ended.load(Ordering::Relaxed) == u64::from(PENDING)
        && late <= Duration::from_millis(1)
        && verify.census().pending.size == 0;
    if is_good { Ok(()) } else { Err("a million pending do not fit or do not expire".into()) }
}

/// Asks the wheel each millisecond of virtual time, as a shard's driver does; returns how late the
/// latest expiry was.
fn expire(verify: &Verify, wheel: &mut Wheel<VerificationId>, zero: Instant) -> Duration {
    let mut late = Duration::ZERO;
    let mut now = zero;
    while let Some(next) = wheel.next() {
        now = next.max(now + Duration::from_millis(1));
        while let Some(id) = wheel.pop_due(now) {
            let expires = verify.get(id, zero).and_then(|it| {
                let life = it.expires_at.0.checked_sub(it.created_at.0)?;
                it.ended_at.is_none().then_some((it.created_at, life))
            });
            if let Some(again) = verify.on_timeout(id, now) {
                wheel.arm(again, id);
            }
            if let Some((created_at, life)) = expires
                && let Some(ended_at) = verify.get(id, now).and_then(|it| it.ended_at)
            {
                let over = ended_at.0.saturating_sub(created_at.0).saturating_sub(life);
                late = late.max(Duration::from_micros(over));
            }
        }
    }
    late
}

fn settings() -> Result<Settings, Box<dyn Error>> {
    let numbers = vec!["+4687650[00000-99999]".parse()?];
    let mut settings = Settings {
        pools: vec![PoolSettings { name: "default".into(), numbers }],
        expires_in: Duration::from_secs(600),
        ..Settings::default()
    };
    settings.limits.prefix.clear();
    Ok(settings)
}

/// Hears and counts.
#[derive(Default)]
struct Counter {
    ended: AtomicU64,
}

impl Listener for Counter {
    fn on_event(&self, event: Event) {
        if matches!(event, Event::VerificationEnded(_)) {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }
}

const PENDING: u32 = 1_000_000;
const GIBIBYTE: u64 = 1 << 30;
