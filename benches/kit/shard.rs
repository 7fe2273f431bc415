//! One shard as a value, in virtual time, with a trunk that lets every phone ring. Nothing but the
//! gateway's own work is left to count: no socket, no thread, no clock.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use ringproof::entropy::Entropy;
use ringproof::gateway::{Command, Gateway, Input};
use ringproof::number::E164;
use ringproof::sip::response::Response;
use ringproof::sip::{Message, Method, Status};
use ringproof::tally::Tally;
use ringproof::time::WallClock;
use ringproof::verify::id::CallId;
use ringproof::verify::record::CallRecord;
use ringproof::verify::settings::PoolSettings;
use ringproof::verify::{Order, Start, Verify};

use crate::shard_settings::{Nobody, shard_settings};

/// A shard and what it needs to call.
pub(crate) struct Shard {
    /// The shard.
    pub(crate) gateway: Gateway,
    /// The moment that its world has reached.
    pub(crate) now: Instant,
    wall: WallClock,
    entropy: Entropy,
    /// What every order is a copy of, but for its call.
    order: Order,
    trunk: SocketAddr,
    /// The last datagram that the shard sent.
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Shard {
    /// An idle shard with one trunk, in a world that begins at `now`.
    pub(crate) fn new(now: Instant) -> Result<Self, Box<dyn Error>> {
        let wall = WallClock::new(now, UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let entropy = Entropy::seeded(1);
        let (local, trunk) = ("192.0.2.9:5070".parse()?, "192.0.2.1:5060".parse()?);
        let settings = shard_settings(local, trunk, RING)?;
        let verify = Arc::new(verify(&wall, &entropy)?);
        let to = E164::parse("+46701234567")?;
        let start = Start::flash_call(to);
        // Nobody arms its timer: it stays pending.
        let order = Order {
            ring: Some(RING),
            wake_at: None,
            ..verify.start(start, now)?.task.call().ok_or("a flash call is an order")?
        };
        let tally = Arc::new(Tally::default());
        let gateway = Gateway::new(settings, verify, &entropy, tally, now);
        let (request, response) = (vec![], vec![]);
        Ok(Self { gateway, now, wall, entropy, order, trunk, request, response })
    }

    /// A further call for the one verification of this world, which verify knows nothing of.
    pub(crate) fn order(&self) -> Order {
        let (at, verification) = (self.wall.at(self.now), self.order.verification);
        let record = CallRecord::new(CallId::new(at, &self.entropy), verification, self.now, at);
        Order { call: Arc::new(record), ..self.order.clone() }
    }

    /// The seven messages of one flash call, over a second of virtual time. The peer's work on
    /// them is a part of it.
    pub(crate) fn call(&mut self, order: Order) -> Result<(), Box<dyn Error>> {
        self.gateway.handle(Input::Command(Command::Place(order)), self.now);
        self.take()?;
        self.receive(Method::Invite, Status::TRYING)?;
        self.receive(Method::Invite, Status::RINGING)?;
        self.now += RING + Duration::from_millis(1);
        self.gateway.handle(Input::Timeout, self.now);
        self.take()?;
        self.receive(Method::Cancel, Status::OK)?;
        self.receive(Method::Invite, Status::REQUEST_TERMINATED)?;
        self.take()
    }

    /// A call from the trunk that is refused at once, and the ACK of that.
    pub(crate) fn missed_call(&mut self, invite: &[u8]) -> Result<(), Box<dyn Error>> {
        self.gateway.handle(Input::Datagram { from: self.trunk, payload: invite }, self.now);
        self.take()?;
        // The refusal, as its own ACK: Via, To and CSeq are what counts.
        let line = self.request.iter().position(|octet| *octet == b'\n').ok_or("no line")?;
        self.response.clear();
        self.response.extend_from_slice(b"ACK sip:+46876501000@192.0.2.9 SIP/2.0\r\n");
        self.response.extend_from_slice(&self.request[line + 1..]);
        let ack = Input::Datagram { from: self.trunk, payload: &self.response };
        self.gateway.handle(ack, self.now);
        match self.gateway.poll_transmit() {
            Some(_) => Err("an ACK has no answer".into()),
            None => Ok(()),
        }
    }

    /// Lets time pass and every timer with it.
    pub(crate) fn rest(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(wake) = self.gateway.next_wake().filter(|wake| wake.at <= until) {
            self.now = wake.at.max(self.now);
            self.gateway.handle(Input::Timeout, self.now);
        }
        self.now = until;
    }

    fn take(&mut self) -> Result<(), Box<dyn Error>> {
        let (_, bytes) = self.gateway.poll_transmit().ok_or("the shard is silent")?;
        self.request.clear();
        self.request.extend_from_slice(bytes);
        match self.gateway.poll_transmit() {
            Some(_) => Err("the shard says more than it should".into()),
            None => Ok(()),
        }
    }

    /// Answers the last request; the 487 to a CANCEL's INVITE is made of the CANCEL.
    fn receive(&mut self, method: Method, status: Status) -> Result<(), Box<dyn Error>> {
        let request = Message::parse(&self.request)?;
        let to_tag = (status != Status::TRYING).then_some(&b"phone1"[..]);
        self.response.clear();
        Response { to_tag, ..Response::new(status) }.write(&request, &mut self.response)?;
        if method == Method::Invite && request.method() == Some(Method::Cancel) {
            let at = self.response.windows(8).position(|text| text == b"1 CANCEL");
            let at = at.ok_or("a CANCEL without CSeq")?;
            self.response.splice(at..at + 8, *b"1 INVITE");
        }
        let input = Input::Datagram { from: self.trunk, payload: &self.response };
        self.gateway.handle(input, self.now);
        Ok(())
    }
}

/// An INVITE of a call of its own.
pub(crate) fn missed_invite(number: i64) -> Vec<u8> {
    format!(
        "INVITE sip:+46876501000@192.0.2.9 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0123456789abcdef{number:016x};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+46701740605@192.0.2.1>;tag=01234567{number}\r\n\
         To: <sip:+46876501000@192.0.2.9>\r\nCall-ID: {number:032x}@192.0.2.1\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:+46701740605@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn verify(wall: &WallClock, entropy: &Entropy) -> Result<Verify, Box<dyn Error>> {
    let numbers = vec!["+46876500[000-999]".parse()?];
    let pools = vec![PoolSettings { name: "default".into(), numbers }];
    let settings = ringproof::verify::Settings { pools, ..Default::default() };
    Ok(Verify::new(settings, wall.clone(), entropy.clone(), Arc::new(Nobody))?)
}

/// How long the phones ring.
pub(crate) const RING: Duration = Duration::from_secs(1);
