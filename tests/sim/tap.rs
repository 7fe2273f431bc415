//! What the tap on the wire makes of people who ring: who they are, what proves it, and whom we
//! call back.

use std::net::SocketAddr;

use ringproof::lab::caller::Identity;
use ringproof::number::{E164, plan};
use ringproof::sip::Method;
use ringproof::verify::Order;
use ringproof::verify::id::VerificationId;

use crate::broken::Verdict;
use crate::checks::missed::Invite;
use crate::forgery::Forgery;
use crate::switch::Way;
use crate::visit::Visit;
use crate::wire::Seen;
use crate::world::{Happening, World};

/// The branch of a call that is about to be proven, and the verification that must have it.
pub(crate) type Proof = (String, Option<VerificationId>);

impl World {
    /// A request of a caller is about to reach a shard. Returns what must come of it.
    pub(crate) fn hear_caller(&mut self, (place, shard): Way, seen: &Seen) -> Option<Proof> {
        // Whoever is refused may still be listened to for 64*T1.
        self.shards[shard].rest = Default::default();
        if seen.method == Method::Invite
            && let Some(invite) = self.invite_of(place, shard, seen)
        {
            self.missed.on_invite(&seen.branch, invite);
        }
        let is_ack = seen.method == Method::Ack;
        if !is_ack || !self.missed.on_ack(&seen.branch, &seen.to_tag, self.now) {
            return None;
        }
        let heir = self.missed.heir(&seen.branch, self.now);
        if heir.is_some() {
            self.meet("after the start");
        }
        Some((seen.branch.clone(), heir))
    }

    /// What a shard must make of an INVITE; `None`: no trunk that it knows is there.
    fn invite_of(&self, place: usize, shard: usize, seen: &Seen) -> Option<Invite> {
        let dialled = self.switch.dialled.get(&seen.call_id)?;
        let ring = &self.plan.rings[dialled.ring];
        let (trunk, did) = self.shards[shard].known.rung(place, dialled.did)?;
        let is_home_known = self.plan.trunks[trunk].profile.caller.plan.is_some();
        let is_known = match ring.manner.identity {
            Identity::Anonymous | Identity::TwoIdentities => false,
            Identity::DoubleZero | Identity::National => is_home_known,
            Identity::Forwarded | Identity::International => true,
        };
        let inbound = &self.plan.daemons[ring.daemon].inbound;
        let is_forwarded = ring.manner.identity == Identity::Forwarded;
        Some(Invite {
            call_id: seen.call_id.clone(),
            daemon: ring.daemon,
            phone: is_known.then(|| ring.from.as_u64()),
            did: did.map(|did| inbound.dids[did].number.as_u64()),
            is_diverted: is_forwarded && !inbound.rules.are_forwarded_accepted,
            at: self.now,
        })
    }

    /// A call back that a shard decided upon by itself shows its number on the wire for the first time.
    pub(crate) fn learn_order(&mut self, shard: usize, seen: &Seen) -> Verdict {
        let daemon = self.shards[shard].daemon;
        self.hear(daemon)?;
        let found = self.unseen.iter().position(|(owner, call)| {
            let visit = self.visits.iter().position(|visit| *visit == Some(call.verification));
            let phone = visit.map(|visit| self.plan.visits[visit].phone.as_u64());
            *owner == daemon && phone == Some(seen.to)
        });
        let Some(found) = found else { return Ok(()) };
        let (_, call) = self.unseen.remove(found);
        let [to, caller_id] = [seen.to, seen.from]
            .map(|number| E164::parse(&format!("+{number}")).expect("a number"));
        let visit = self.visits.iter().position(|visit| *visit == Some(call.verification));
        // Who is called back only because every caller is, as the configuration has it.
        let wanted = visit
            .map(|visit| &self.plan.visits[visit])
            .filter(|visit| visit.asked.is_some_and(|asked| asked.is_confirmed));
        let order = Order {
            verification: call.verification,
            to,
            caller_id,
            ring: wanted.and_then(|visit| visit.ring),
            pool: wanted.map_or(0, |visit| self.pool(visit)),
            country: plan::country(to).expect("a phone of the home country"),
            shard: (shard - self.daemons[daemon].first_shard) as u16,
            wake_at: None,
            call,
        };
        let lease = (to.as_u64(), caller_id.suffix());
        self.daemons[daemon].leases.on_leased(lease, order.call.id, order.call.placed)?;
        self.meet("called back");
        self.orders.push((daemon, order));
        Ok(())
    }

    /// The place of the pool that an app names.
    fn pool(&self, visit: &Visit) -> u16 {
        let pools = &self.plan.daemons[visit.daemon].settings.pools;
        let named = visit.pool.and_then(|name| pools.iter().position(|pool| &*pool.name == name));
        named.unwrap_or_default() as u16
    }

    /// Whether a call of this verification has been placed whose number nobody but its shard knows.
    pub(crate) fn is_unseen(&self, id: VerificationId) -> bool {
        self.unseen.iter().any(|(_, call)| call.verification == id)
    }

    /// Somebody may have seen an INVITE on its way, and makes requests of it: from elsewhere, or from
    /// there with a tag that only we and our caller know.
    pub(crate) fn overhear_invite(&mut self, (_, shard): Way, call_id: &str, payload: &[u8]) {
        let ring = self.switch.dialled.get(call_id).map(|dialled| dialled.ring);
        let is_seen = ring.is_some_and(|ring| self.plan.rings[ring].is_seen);
        let (true, Ok(invite)) = (is_seen, std::str::from_utf8(payload)) else { return };
        let stranger: SocketAddr = ([203, 0, 113, 66], 5060).into();
        for method in ["ACK", "CANCEL", "INVITE", "OPTIONS"] {
            let text = invite.replace("INVITE", method);
            self.file_forged(shard, stranger, text, Forgery::Stranger);
        }
        let way = self.switch.dialled.get(call_id).map(|dialled| dialled.way);
        let trunk = way.and_then(|way| self.switch.address(way));
        let Some(tail) = invite.find("\r\nCall-ID: ") else { return };
        let guess = format!("{};tag=0123456789abcdef{}", &invite[..tail], &invite[tail..]);
        if let Some(trunk) = trunk {
            self.file_forged(shard, trunk, guess.replace("INVITE", "ACK"), Forgery::Tag);
        }
    }

    fn file_forged(&mut self, shard: usize, from: SocketAddr, text: String, forgery: Forgery) {
        let at = self.now + self.forger.millis(0, 6_000);
        let payload = text.into_bytes();
        self.agenda.add(at, Happening::Forged { shard, from, payload, forgery });
    }
}
