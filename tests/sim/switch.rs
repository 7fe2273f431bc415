//! The phones behind the trunks: one lab caller for each way from a trunk to a shard, and what those who
//! ring hear.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ringproof::entropy::Entropy;
use ringproof::lab;
use ringproof::lab::caller::{
    Ack, Command, Conduct, Dial, Ending, Event, Lapse, Line, Noticed, Settings,
};
use ringproof::number::E164;
use ringproof::sip::Method;
use ringproof::tally::Shed;

use crate::broken::{Rule, Verdict, ensure};
use crate::checks::uniform::Heard;
use crate::plan::Plan;
use crate::rings::{Called, Ring};
use crate::world::World;

/// The place of a trunk, and a shard.
pub(crate) type Way = (usize, usize);

/// Every caller, and every call that was dialled.
#[derive(Default)]
pub(crate) struct Switch {
    hosts: BTreeMap<Way, Host>,
    by_line: BTreeMap<(Way, Line), String>,
    /// By their Call-ID.
    pub(crate) dialled: BTreeMap<String, Dialled>,
}

struct Host {
    caller: lab::Caller,
    address: SocketAddr,
    wake: Option<Instant>,
}

/// A call that was dialled.
#[derive(Debug)]
pub(crate) struct Dialled {
    /// The index of the ring in the plan.
    pub(crate) ring: usize,
    pub(crate) way: Way,
    /// The number that was dialled: one of the daemon's, if it is one.
    pub(crate) did: Option<usize>,
    at: Instant,
    heard: Heard,
    /// It ended with a refusal that was acknowledged.
    is_refused: bool,
}

impl Switch {
    /// Which way a datagram takes that comes from, or goes to, this address.
    pub(crate) fn way(&self, address: SocketAddr) -> Option<Way> {
        self.hosts.iter().find(|(_, host)| host.address == address).map(|(way, _)| *way)
    }

    /// Where a caller is.
    pub(crate) fn address(&self, way: Way) -> Option<SocketAddr> {
        self.hosts.get(&way).map(|host| host.address)
    }

    /// The caller that is next to wake.
    pub(crate) fn next(&self) -> Option<(Instant, Way)> {
        let wakes = self.hosts.iter().filter_map(|(way, host)| Some((host.wake?, *way)));
        wakes.min_by_key(|(at, _)| *at)
    }

    /// Whether nobody rings, or listens to what comes late.
    pub(crate) fn is_quiet(&self) -> bool {
        self.hosts.values().all(|host| host.caller.is_quiet())
    }

    /// A caller hears this status, so long after its INVITE.
    fn note(&mut self, way: Way, line: Line, heard: impl FnOnce(Instant) -> (u16, Duration)) {
        let call = self.by_line.get(&(way, line)).and_then(|call| self.dialled.get_mut(call));
        if let Some(call) = call {
            call.heard.push(heard(call.at));
        }
    }

    fn host(&mut self, way: Way, plan: &Plan, callee: SocketAddr, seed: u64) -> &mut Host {
        self.hosts.entry(way).or_insert_with(|| {
            let (place, shard) = way;
            let ip = plan.trunks[place].profile.address.ip();
            let address = SocketAddr::new(ip, 6_000 + shard as u16);
            let wire = if plan.is_calm() { lab::Wire::Orderly } else { lab::Wire::Wild };
            let settings =
                Settings { wire, transactions_max: CALLS_MAX, ..Settings::new(address, callee) };
            let entropy = Entropy::seeded(seed << 8 | 0x60 | (place as u64) << 3 | shard as u64);
            let caller = lab::Caller::new(settings, entropy.stream());
            Host { caller, address, wake: None }
        })
    }
}

impl World {
    /// Somebody rings, if there is a number to ring.
    pub(crate) fn ring(&mut self, index: usize) -> Verdict {
        let ring = self.plan.rings[index].clone();
        let Some(did) = self.called(&ring) else { return Ok(()) };
        let plan = &self.plan.daemons[ring.daemon];
        let shard =
            self.daemons[ring.daemon].first_shard + ring.shard % usize::from(plan.settings.shards);
        let number = match did {
            Some(did) => plan.inbound.dids[did].number,
            None => E164::parse(NOBODYS).expect("a number"),
        };
        let place = self.place_for(&ring, shard, did);
        let dial = Dial::new(ring.from, number, ring.manner).expect("a phone of the home country");
        let (way, callee) = ((place, shard), self.shards[shard].address);
        self.meet(&format!("identity {}", ring.manner.identity));
        self.meet(conduct(ring.manner.conduct));
        self.story.record(self.now - self.start, &format!("ring {index}: {did:?} by {way:?}"));
        let host = self.switch.host(way, &self.plan, callee, self.seed);
        host.caller.on_command(Command::Dial(dial), self.now);
        let line = Line(host.caller.counts().calls);
        let (at, heard) = (self.now, vec![]);
        let dialled = Dialled { ring: index, way, did, at, heard, is_refused: false };
        self.after_caller(way, Some((line, dialled)))
    }

    /// The daemon's number that is rung, or `Some(None)` for one of nobody; `None`: nothing is shown.
    fn called(&self, ring: &Ring) -> Option<Option<usize>> {
        let daemon = &self.daemons[ring.daemon];
        let dids = &self.plan.daemons[ring.daemon].inbound.dids;
        let shown = |visit: usize| {
            let awaited = daemon.verify.get(self.visits[visit]?, self.now)?.missed_call?;
            dids.iter().position(|did| did.number == awaited.did)
        };
        match ring.to {
            Called::Did(did) => Some(Some(did)),
            Called::Nobody => Some(None),
            Called::OtherThan(visit) => Some(Some((shown(visit)? + 1) % dids.len())),
            Called::ShownTo(visit) => Some(Some(shown(visit)?)),
        }
    }

    /// Where the trunk is that sends a call to this number.
    fn place_for(&mut self, ring: &Ring, shard: usize, did: Option<usize>) -> usize {
        let known = &self.shards[shard].known;
        let all = 0..self.plan.trunks.len();
        let carriers = did.map(|did| known.carriers[did].as_slice()).unwrap_or_default();
        let other = all.clone().find(|trunk| !carriers.contains(&(*trunk as u16)));
        let carrier = match carriers {
            [] => ring.shard % all.len(),
            carriers => usize::from(carriers[ring.shard % carriers.len()]),
        };
        let trunk = other.filter(|_| ring.is_astray).unwrap_or(carrier);
        let place = known.places[trunk].unwrap_or(trunk);
        if did.is_some() && ring.is_astray && other.is_some() {
            self.meet("a trunk that may not ring it");
        }
        place
    }

    /// A datagram has come to a caller.
    pub(crate) fn reach_caller(&mut self, way: Way, from: SocketAddr, payload: &[u8]) -> Verdict {
        if self.trunks[way.0].outage.is_some() {
            return Ok(());
        }
        if let Some(host) = self.switch.hosts.get_mut(&way) {
            host.caller.on_datagram(from, payload, self.now);
        }
        self.after_caller(way, None)
    }

    /// Time has passed for a caller.
    pub(crate) fn wake_caller(&mut self, way: Way) -> Verdict {
        if let Some(host) = self.switch.hosts.get_mut(&way) {
            host.caller.on_timeout(self.now);
        }
        self.after_caller(way, None)
    }

    /// Takes what a caller sends and hears. `new`: the call that it has just dialled.
    fn after_caller(&mut self, way: Way, mut new: Option<(Line, Dialled)>) -> Verdict {
        while let Some((to, payload)) = self.next_of_caller(way) {
            let seen = self.read(&payload)?;
            self.story.tell(self.now - self.start, || format!("    caller {way:?}: {seen}"));
            if seen.method == Method::Invite
                && let Some((line, dialled)) = new.take()
            {
                self.switch.by_line.insert((way, line), seen.call_id.clone());
                self.switch.dialled.insert(seen.call_id.clone(), dialled);
                self.overhear_invite(way, &seen.call_id, &payload);
            }
            if self.trunks[way.0].outage.is_none() {
                let from = self.switch.hosts[&way].address;
                self.send(from, to, &payload);
            }
        }
        while let Some(event) = self.next_event(way) {
            self.on_caller(way, event)?;
        }
        if let Some(host) = self.switch.hosts.get_mut(&way) {
            host.wake = host.caller.next_wake().map(|wake| wake.at);
        }
        Ok(())
    }

    fn next_of_caller(&mut self, way: Way) -> Option<(SocketAddr, Vec<u8>)> {
        let host = self.switch.hosts.get_mut(&way)?;
        host.caller.poll_transmit().map(|(to, payload)| (to, payload.to_vec()))
    }

    fn next_event(&mut self, way: Way) -> Option<Event> {
        self.switch.hosts.get_mut(&way)?.caller.poll_event()
    }

    fn on_caller(&mut self, way: Way, event: Event) -> Verdict {
        match event {
            Event::Lapsed(noticed) if self.is_lapse_excused(way, &noticed) => {}
            Event::Lapsed(noticed) => {
                return Self::broken(Rule::Protocol, format!("a caller heard: {}", noticed.lapse));
            }
            Event::Rang { line, after, .. } => {
                self.switch.note(way, line, |_| (180, after));
            }
            Event::Refused { line, status, after, .. } => {
                self.switch.note(way, line, |_| (status.code(), after));
            }
            Event::Trying { line, at } => {
                self.switch.note(way, line, |dialled| (100, at - dialled));
            }
            Event::Ended { line, ending, .. } => return self.on_caller_ended(way, line, ending),
            Event::Answered { .. }
            | Event::Dialled { .. }
            | Event::HungUp { .. }
            | Event::Repeated { .. } => {}
        }
        Ok(())
    }

    fn on_caller_ended(&mut self, way: Way, line: Line, ending: Ending) -> Verdict {
        self.meet(&format!("caller {}", ending.as_str()));
        self.story.record(self.now - self.start, &format!("    {way:?} {line}: {ending:?}"));
        let Some(call_id) = self.switch.by_line.get(&(way, line)) else { return Ok(()) };
        let Some(call) = self.switch.dialled.get_mut(call_id) else { return Ok(()) };
        call.is_refused = matches!(ending, Ending::Refused { ack: Ack::Right, .. });
        let heard = call.heard.clone();
        let ring = &self.plan.rings[call.ring];
        let invite = self.missed.invite(call_id);
        let Some(invite) = invite.filter(|_| self.is_orderly(ring.daemon)) else { return Ok(()) };
        let inbound = &self.plan.daemons[ring.daemon].inbound;
        let own = inbound.dids.iter().find(|did| Some(did.number.as_u64()) == invite.did);
        let course = own.map_or(inbound.elsewhere, |did| did.course);
        let kind = format!("{way:?} {course:?} {}", ring.manner.conduct);
        self.uniform.on_call(kind, heard)
    }

    /// Whether nothing but the daemon itself stands between its callers and their refusals.
    fn is_orderly(&self, daemon: usize) -> bool {
        let is_reloaded = self.plan.reloads.iter().any(|reload| reload.daemon == daemon);
        self.plan.is_calm() && !is_reloaded && self.plan.daemons[daemon].drains_at.is_none()
    }

    /// What nobody can help. Who is shed, turned away by a stop or by a reload gets 503 without a
    /// memory of it, or silence: a copy of the INVITE may fare otherwise. And when every 200 to a
    /// CANCEL is lost, the next one comes when the call is forgotten.
    fn is_lapse_excused(&self, (_, shard): Way, noticed: &Noticed) -> bool {
        let daemon = self.shards[shard].daemon;
        let drains_at = self.plan.daemons[daemon].drains_at.map(|after| self.start + after);
        let is_stopping = drains_at.is_some_and(|at| at <= self.now);
        let is_reloaded = self.plan.reloads.iter().any(|reload| reload.daemon == daemon);
        let has_no_memory = is_stopping || is_reloaded || self.has_shed_callers(shard);
        match noticed.lapse {
            Lapse::ResponseMissing => is_stopping || is_reloaded,
            Lapse::CancelUnanswered | Lapse::FinalMissing => is_stopping,
            Lapse::MergeAccepted => has_no_memory,
            Lapse::FinalChanged | Lapse::TagChanged => has_no_memory && !self.plan.is_calm(),
            Lapse::CancelRefused => !self.plan.is_calm(),
            Lapse::Answered
            | Lapse::FinalAgain
            | Lapse::NotTerminated
            | Lapse::ResponseBranch
            | Lapse::ResponseCSeq
            | Lapse::ResponseCallId
            | Lapse::ResponseParties
            | Lapse::ResponseSource
            | Lapse::ResponseVias
            | Lapse::TagMissing
            | Lapse::TerminatedUnasked => false,
        }
    }

    fn has_shed_callers(&self, shard: usize) -> bool {
        let tally = &self.shards[shard].tally;
        tally.shed(Shed::MissedCallRate) + tally.shed(Shed::MissedCallRoom) > 0
    }

    /// Who rang in calm weather and did as a person does was let in, or shed, and is proven.
    pub(crate) fn check_callers(&self) -> Verdict {
        for (call_id, call) in &self.switch.dialled {
            let ring = &self.plan.rings[call.ring];
            if !self.is_orderly(ring.daemon) || !is_honest(ring.manner.conduct) {
                continue;
            }
            let is_right = match self.missed.is_proven(call_id) {
                Some(is_proven) => is_proven && call.is_refused,
                None => self.has_shed_callers(call.way.1),
            };
            ensure(is_right, Rule::MissedCalls, || format!("in vain: {ring:?}, {call:?}"))?;
        }
        Ok(())
    }
}

fn is_honest(conduct: Conduct) -> bool {
    match conduct {
        Conduct::HangsUp { .. }
        | Conduct::HangsUpEarly { .. }
        | Conduct::Merged
        | Conduct::RepeatsCancel
        | Conduct::Waits => true,
        Conduct::Forged | Conduct::NeverAcks | Conduct::NoTag | Conduct::WrongTag => false,
    }
}

/// The word for it in the tally.
fn conduct(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Forged => "conduct forged",
        Conduct::HangsUp { .. } => "conduct hangs-up",
        Conduct::HangsUpEarly { .. } => "conduct hangs-up-early",
        Conduct::Merged => "conduct merged",
        Conduct::NeverAcks => "conduct never-acks",
        Conduct::NoTag => "conduct no-tag",
        Conduct::RepeatsCancel => "conduct repeats-cancel",
        Conduct::Waits => "conduct waits",
        Conduct::WrongTag => "conduct wrong-tag",
    }
}

/// A number that no daemon has.
const NOBODYS: &str = "+46876599999";
/// Calls of one way at once; more than any world has.
const CALLS_MAX: usize = 64;
