//! Datagrams on their way, and what the tap on the wire makes of them.

use std::net::SocketAddr;

use ringproof::gateway::Input;
use ringproof::lab::{self, Behaviour, Noticed, Violation};
use ringproof::ladder::Undelivered;
use ringproof::sip::Method;
use ringproof::tally::Shed;

use crate::broken::{Rule, Verdict, ensure};
use crate::checks::invites::Invite;
use crate::checks::rest::within;
use crate::plan::OutageKind;
use crate::wire::Seen;
use crate::world::{Happening, World};

impl World {
    /// A datagram is at its destination, if that is there.
    pub(crate) fn arrive(&mut self, from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Verdict {
        if let Some(trunk) = self.trunks.iter().position(|host| host.address == to) {
            match self.trunks[trunk].outage {
                None => {
                    self.trunks[trunk].trunk.on_datagram(from, payload, self.now);
                    return self.after_trunk(trunk);
                }
                Some(OutageKind::Unplugged) => return Ok(()),
                Some(OutageKind::Refused | OutageKind::Restarted) => {}
            }
            // ICMP: as unreliable as everything else, and it quotes only the beginning.
            let quoted = payload[..payload.len().min(ICMP_QUOTES)].to_vec();
            if let Some(shard) = self.shards.iter().position(|host| host.address == from) {
                for after in self.network.fate(to, from) {
                    let payload = quoted.clone();
                    self.agenda.add(self.now + after, Happening::Returns { shard, to, payload });
                }
            }
            return Ok(());
        }
        if let Some(way) = self.switch.way(to) {
            return self.reach_caller(way, from, payload);
        }
        let Some(shard) = self.shards.iter().position(|host| host.address == to) else {
            return Self::broken(Rule::Protocol, format!("a datagram to {to}, where nobody is"));
        };
        if self.shards[shard].gateway.is_none() {
            return Ok(());
        }
        let seen = self.read(payload)?;
        self.story.tell(self.now - self.start, || format!("    -> shard {shard}: {seen}"));
        let is_answer = seen.method == Method::Invite && matches!(seen.status, Some(200..300));
        if seen.method == Method::Invite
            && let Some(status) = seen.status
        {
            self.invites.on_response(&seen.branch, status, self.now);
        }
        if is_answer {
            self.answers.on_answer(seen.dialog(), self.shards[shard].daemon);
            // A new BYE is new work.
            self.shards[shard].rest = Default::default();
        }
        let way = self.switch.way(from);
        let proof = way.and_then(|way| self.hear_caller(way, &seen));
        self.tell_shard(shard, Input::Datagram { from, payload })?;
        if let Some((branch, heir)) = proof {
            self.missed.settle(&branch, heir)?;
        }
        if is_answer { self.answers.settle(&seen.dialog()) } else { Ok(()) }
    }

    /// The network gives a datagram back.
    pub(crate) fn give_back(&mut self, shard: usize, to: SocketAddr, payload: &[u8]) -> Verdict {
        if self.shards[shard].gateway.is_none() {
            return Ok(());
        }
        self.story.tell(self.now - self.start, || format!("    -> shard {shard}: ICMP"));
        if payload.starts_with(b"INVITE ")
            && let Some(branch) = branch_of(payload)
        {
            self.invites.on_returned(&branch);
        }
        self.tell_shard(shard, Input::SendFailed { to, payload, why: Undelivered::Refused })
    }

    /// Takes what a shard wants to send and to say.
    pub(crate) fn after_shard(&mut self, shard: usize) -> Verdict {
        while let Some((to, payload)) = self.next_of_shard(shard) {
            let seen = self.read(&payload)?;
            self.story.tell(self.now - self.start, || format!("shard {shard}: {seen}"));
            self.tap(shard, &seen)?;
            self.send(self.shards[shard].address, to, &payload);
        }
        let daemon = self.shards[shard].daemon;
        self.hear(daemon)?;
        self.check_shard(shard)
    }

    fn next_of_shard(&mut self, shard: usize) -> Option<(SocketAddr, Vec<u8>)> {
        let gateway = self.shards[shard].gateway.as_mut()?;
        gateway.poll_transmit().map(|(to, payload)| (to, payload.to_vec()))
    }

    /// Takes what a trunk wants to send, and what its phones show.
    pub(crate) fn after_trunk(&mut self, trunk: usize) -> Verdict {
        let address = self.trunks[trunk].address;
        while let Some((to, payload)) = self.trunks[trunk].trunk.poll_transmit() {
            let payload = payload.to_vec();
            let seen = self.read(&payload)?;
            self.story.tell(self.now - self.start, || format!("    trunk {trunk}: {seen}"));
            if self.trunks[trunk].outage.is_none() {
                self.send(address, to, &payload);
                self.overhear(address, to, &payload);
            }
        }
        while let Some(event) = self.trunks[trunk].trunk.poll_event() {
            self.on_phone(trunk, event)?;
        }
        let host = &mut self.trunks[trunk];
        host.wake = host.trunk.next_wake().map(|wake| wake.at);
        Ok(())
    }

    fn on_phone(&mut self, trunk: usize, event: lab::Event) -> Verdict {
        self.story.record(self.now - self.start, &format!("    trunk {trunk}: {}", shown(&event)));
        match event {
            lab::Event::Gone { .. }
            | lab::Event::Rang { .. }
            | lab::Event::Refused { .. }
            | lab::Event::Silent { .. } => Ok(()),
            lab::Event::Stopped(entry) => {
                let caller = entry.caller_id.map(digits).unwrap_or_default();
                self.logs.entry(digits(entry.phone)).or_default().push(caller);
                self.rung.push((trunk, entry));
                Ok(())
            }
            lab::Event::Violated(noticed) if self.is_excused(trunk, &noticed) => Ok(()),
            lab::Event::Violated(noticed) => {
                Self::broken(Rule::Protocol, format!("trunk {trunk}: {}", noticed.violation))
            }
        }
    }

    /// What nobody can help: a phone that rings on for longer than 64*T1 after its CANCEL, because it
    /// ignores it or because its trunk was away, or one of which nothing was heard until timer B. What
    /// it says then finds nobody (RFC 3261 §9.1), and neither does what it says to a shard that has
    /// stopped. Nor can a trunk know what an answer asked for that it has forgotten and the network has
    /// not.
    fn is_excused(&self, trunk: usize, noticed: &Noticed) -> bool {
        let Some(phone) = noticed.phone else { return false };
        let behaviour = self.plan.trunks[trunk].settings.behaviour_of(phone);
        let rings_on = behaviour == Behaviour::CancelIgnored;
        let is_unheard = self.invites.was_unheard(digits(phone), self.now);
        let was_away = self.plan.outages.iter().any(|outage| outage.trunk == trunk);
        let (ack, invite) = (Violation::AckMissing, Violation::InviteWhileRinging);
        let has_stopped = self.has_lost_its_shard(digits(phone));
        let unasked = [Violation::AckUnasked, Violation::ByeUnknown].contains(&noticed.violation);
        let again = self.answered_again.get(&digits(phone));
        // A gateway that finds a record CANCELs, whatever was said
        // (docs/decisions/cancel-after-a-crash.md).
        let is_unheard_of = [Violation::CancelBeforeProvisional, Violation::CancelUnknown];
        let is_haunted = self.invites.was_haunted(digits(phone));
        (is_haunted && is_unheard_of.contains(&noticed.violation))
            || (unasked && again.is_some_and(|at| *at <= self.now))
            || (noticed.violation == ack && (rings_on || has_stopped))
            || (noticed.violation == invite && (rings_on || was_away || is_unheard))
    }

    /// Whether a shard that called this phone has stopped.
    fn has_lost_its_shard(&self, phone: u64) -> bool {
        let mut calls = self.orders.iter().filter(|(_, order)| order.to.as_u64() == phone);
        calls.any(|(daemon, order)| {
            let shard = self.daemons[*daemon].first_shard + usize::from(order.shard);
            self.shards[shard].gateway.is_none()
        })
    }

    pub(crate) fn send(&mut self, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
        self.story.note(self.now - self.start, to.to_string().as_bytes());
        self.story.note(self.now - self.start, payload);
        for after in self.network.fate(from, to) {
            let payload = payload.to_vec();
            self.agenda.add(self.now + after, Happening::Arrives { from, to, payload });
        }
    }

    pub(crate) fn read(&self, payload: &[u8]) -> Result<Seen, crate::broken::Broken> {
        Seen::read(payload).ok_or_else(|| crate::broken::Broken {
            rule: Rule::Protocol,
            what: format!("unreadable: {}", String::from_utf8_lossy(payload)),
        })
    }

    /// Shows a datagram of a shard to the checks.
    fn tap(&mut self, shard: usize, seen: &Seen) -> Verdict {
        if let Some(status) = seen.status {
            let is_calls = seen.method == Method::Invite;
            let answered = is_calls
                .then(|| self.missed.on_response(&seen.branch, (status, &seen.to_tag), self.now));
            return answered.unwrap_or(Ok(()));
        }
        match seen.method {
            Method::Ack => self.answers.on_ack(&seen.dialog()),
            Method::Bye => {
                let has_shed = self.shards[shard].tally.shed(Shed::Transaction) > 0;
                self.answers.on_bye(&seen.dialog(), &seen.branch, has_shed)?;
            }
            Method::Cancel => self.invites.on_cancel(&seen.branch, self.now)?,
            Method::Invite => self.tap_invite(shard, seen)?,
            // A trunk is asked whether it is there: nobody's phone is touched.
            Method::Options => self.probes += 1,
            method @ (Method::Extension
            | Method::Info
            | Method::Message
            | Method::Notify
            | Method::Prack
            | Method::Publish
            | Method::Refer
            | Method::Register
            | Method::Subscribe
            | Method::Update) => {
                return Self::broken(Rule::Protocol, format!("{} was sent", method.as_str()));
            }
        }
        Ok(())
    }

    fn tap_invite(&mut self, shard: usize, seen: &Seen) -> Verdict {
        self.learn_order(shard, seen)?;
        let daemon = self.shards[shard].daemon;
        let order = self.orders.iter().rev().find(|(_, order)| {
            (order.to.as_u64(), order.caller_id.as_u64()) == (seen.to, seen.from)
        });
        let Some((owner, order)) = order else {
            return Self::broken(Rule::OneCall, format!("nobody ordered {seen}"));
        };
        ensure(*owner == daemon, Rule::OneCall, || format!("another daemon's call: {seen}"))?;
        let Some(trunk) = order.call.facts().trunk else {
            return Self::broken(Rule::OneCall, format!("through no trunk: {seen}"));
        };
        let is_reloaded = self.plan.reloads.iter().any(|reload| reload.daemon == daemon);
        let at_first = self.plan.daemons[daemon].routes[usize::from(order.pool)].len();
        let t1 = self.plan.trunks[usize::from(trunk)].profile.t1;
        let invite = Invite {
            branch: &seen.branch,
            call: order.call.id,
            phone: (daemon, seen.to),
            has_ended: order.call.ending().is_some(),
            is_pending: self.daemons[daemon].verify.is_pending(order.verification),
            trunk,
            route: if is_reloaded { self.plan.trunks.len() } else { at_first },
            patience: 64 * t1,
        };
        self.invites.on_invite(&invite, self.now)
    }

    /// S2 and S6 of one shard, after it was told something.
    fn check_shard(&mut self, shard: usize) -> Verdict {
        let now = self.now;
        let host = &mut self.shards[shard];
        let Some(gateway) = &host.gateway else { return Ok(()) };
        let state = gateway.describe(now);
        // Calls of a gateway that died are listened for until 64*T1 have passed in silence.
        let mut has_work = gateway.calls() > 0;
        for (name, size, limit) in state.tables {
            within(name, size, limit)?;
            has_work |= name == "calls of a gateway that died" && size > 0;
            // A call without a next wake is not described: a phone that nobody would hang up.
            let is_calls = name == "calls";
            ensure(!is_calls || state.calls.len() == size.min(100), Rule::RingTime, || {
                format!("{size} calls, {} of them have a next wake", state.calls.len())
            })?;
        }
        host.held_up.on_step(gateway.holds_up(now), now)?;
        host.rest.on_step(has_work, gateway.is_quiet(), now)?;
        host.wake = gateway.next_wake().map(|wake| wake.at);
        if gateway.is_drained() {
            self.stop(shard);
        }
        Ok(())
    }

    /// A shard that has drained ends; the last one takes its daemon along.
    fn stop(&mut self, shard: usize) {
        let host = &mut self.shards[shard];
        (host.gateway, host.wake) = (None, None);
        let daemon = host.daemon;
        self.story.tell(self.now - self.start, || format!("shard {shard} has stopped"));
        let mut others = self.shards.iter().filter(|host| host.daemon == daemon);
        if others.all(|host| host.gateway.is_none()) {
            self.daemons[daemon].is_gone = true;
            self.invites.forget(daemon);
        }
    }
}

/// The digits of a dialled or shown number.
pub(crate) fn digits(number: lab::Number) -> u64 {
    number.phone().as_str().parse().unwrap_or_default()
}

fn shown(event: &lab::Event) -> String {
    match event {
        lab::Event::Gone { phone, .. } => format!("{phone} did not ring, the caller is gone"),
        lab::Event::Silent { phone, .. } => format!("{phone} says nothing"),
        lab::Event::Refused { phone, status, .. } => format!("{phone} refuses: {status}"),
        lab::Event::Rang { phone, .. } => format!("{phone} rings"),
        lab::Event::Stopped(entry) => {
            let (phone, ending) = (entry.phone, entry.ending.as_str());
            let caller = entry.caller_id.map(|caller| caller.to_string()).unwrap_or_default();
            format!("{phone} rang for {:?}, {ending}, shows {caller}", entry.rang_for)
        }
        lab::Event::Violated(noticed) => format!("violation: {}", noticed.violation),
    }
}

/// The branch of a datagram that may be cut off anywhere after it.
fn branch_of(payload: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(payload);
    let (_, rest) = text.split_once("branch=")?;
    Some(rest.split([';', '\r', ',']).next().unwrap_or(rest).to_owned())
}

/// RFC 1812 §4.3.2.3: as much of the datagram as fits into 576 bytes, less the headers of both.
const ICMP_QUOTES: usize = 576 - 20 - 8 - 20 - 8;
