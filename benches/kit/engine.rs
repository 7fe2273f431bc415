//! One shard on its thread with its socket, and orders for it at an even rate.

use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ringproof::entropy::Entropy;
use ringproof::gateway::{Command, Gateway};
use ringproof::net::{self, Running};
use ringproof::number::E164;
use ringproof::tally::{SipKind, Tally};
use ringproof::time::WallClock;
use ringproof::verify::id::CallId;
use ringproof::verify::record::CallRecord;
use ringproof::verify::settings::{Bounds, PoolSettings};
use ringproof::verify::{Order, Start, Verify};

use crate::shard_settings::{Nobody, shard_settings};

/// Whether a verification stands behind each order.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Orders {
    /// One for all: the shard finds it pending, and nothing of its calls.
    Bare,
    /// One each, as in the daemon.
    Verified,
}

/// A running shard and what is needed to give it orders.
pub(crate) struct Engine {
    running: Running<Command>,
    verify: Arc<Verify>,
    tally: Arc<Tally>,
    wall: WallClock,
    entropy: Entropy,
    orders: Orders,
    /// What every bare order is a copy of, but for its call and phone.
    bare: Order,
    started: u32,
}

impl Engine {
    /// A shard on `port` whose trunk is at `trunk`, both on the loopback.
    pub(crate) fn start(trunk: u16, port: u16, orders: Orders) -> Result<Self, Box<dyn Error>> {
        let now = Instant::now();
        let (wall, entropy) = (WallClock::new(now, SystemTime::now()), Entropy::system());
        let verify = Arc::new(verify(&wall, &entropy)?);
        let to = E164::parse("+46709999999")?;
        let start = Start::flash_call(to);
        // Nobody arms its timer: it stays pending.
        let bare = Order {
            ring: Some(RING),
            wake_at: None,
            ..verify.start(start, now)?.task.call().ok_or("a flash call is an order")?
        };
        let socket = net::bind(([127, 0, 0, 1], port).into(), RECEIVE_BUFFER)?;
        let settings = shard_settings(socket.local, ([127, 0, 0, 1], trunk).into(), RING)?;
        let tally = Arc::new(Tally::default());
        let shared = Arc::clone(&verify);
        let gateway = Gateway::new(settings, shared, &entropy, Arc::clone(&tally), now);
        let running = net::spawn(THREAD, gateway, vec![socket], 16_384)?;
        Ok(Self { running, verify, tally, wall, entropy, orders, bare, started: 0 })
    }

    /// Starts `rate` calls a second for some time, by the clock; returns the time that the starts
    /// took, waits not counted.
    pub(crate) fn run_for(
        &mut self,
        rate: u32,
        time: Duration,
    ) -> Result<Duration, Box<dyn Error>> {
        let (from, mut placed, mut busy) = (Instant::now(), 0.0, Duration::ZERO);
        loop {
            let now = Instant::now();
            let since = now.duration_since(from).min(time);
            while placed < since.as_secs_f64() * f64::from(rate) {
                let order = self.order(Instant::now())?;
                self.running.remote.send(Command::Place(order))?;
                placed += 1.0;
            }
            busy += now.elapsed();
            if since == time {
                return Ok(busy);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// INVITEs that were sent, each counted once.
    pub(crate) fn calls(&self) -> u64 {
        self.tally.sent(SipKind::Invite)
    }

    /// Messages that were sent again.
    pub(crate) fn sent_again(&self) -> u64 {
        self.tally.sent_again()
    }

    /// Ends the shard.
    pub(crate) fn stop(self) {
        // It fails only when the shard has ended.
        let _ = self.running.remote.send(Command::Drain);
        self.running.join();
    }

    fn order(&mut self, now: Instant) -> Result<Order, Box<dyn Error>> {
        let to = E164::parse(&format!("+4670{:07}", self.started))?;
        self.started += 1;
        if self.orders == Orders::Verified {
            let request = Start::flash_call(to);
            let mut order =
                self.verify.start(request, now)?.task.call().ok_or("a flash call is an order")?;
            order.ring = Some(RING);
            self.verify.confirm(&order);
            return Ok(order);
        }
        let (at, verification) = (self.wall.at(now), self.bare.verification);
        let record = CallRecord::new(CallId::new(at, &self.entropy), verification, now, at);
        Ok(Order { call: Arc::new(record), to, ..self.bare.clone() })
    }
}

fn verify(wall: &WallClock, entropy: &Entropy) -> Result<Verify, Box<dyn Error>> {
    let numbers = vec!["+468765[00000-99999]".parse()?];
    let pools = vec![PoolSettings { name: "default".into(), numbers }];
    let bounds = Bounds { ended_max: 1_000_000, ..Bounds::default() };
    let mut settings = ringproof::verify::Settings { pools, bounds, ..Default::default() };
    settings.limits.prefix.clear();
    Ok(Verify::new(settings, wall.clone(), entropy.clone(), Arc::new(Nobody))?)
}

/// The name of the shard's thread.
pub(crate) const THREAD: &str = "shard-0";
/// Shorter than any real ring, so that few calls live at once; the work is the same.
const RING: Duration = Duration::from_millis(50);
const RECEIVE_BUFFER: usize = 8 << 20;
