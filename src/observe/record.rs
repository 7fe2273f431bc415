//! One event in; one log line, its counts, and the event to everybody behind.
//!
//! Lines carry ids and closed words. A number is masked by its own `Debug`; a client's reference is
//! left out, because it may hold a person's name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info, warn};

use super::metrics::{Metrics, NO_TRUNK};
use crate::gateway::notice::{Notice, Watcher};
use crate::verify::event::{Event, Listener};
use crate::verify::record::CallRecord;
use crate::verify::snapshot::Snapshot;
use crate::verify::{Fate, MissedCallRecord, TrunkNames};

/// The first listener of the verification room.
pub struct Recorder {
    metrics: Arc<Metrics>,
    trunks: TrunkNames,
    next: Vec<Arc<dyn Listener>>,
}

impl Recorder {
    /// Records into `metrics`, then hands each event to `next`, in that order. `trunks` are the names.
    pub fn new(metrics: Arc<Metrics>, trunks: TrunkNames, next: Vec<Arc<dyn Listener>>) -> Self {
        Self { metrics, trunks, next }
    }

    fn log(&self, event: &Event) {
        match event {
            Event::CallEnded(call) => self.log_ended(call),
            Event::CallPlaced(call) => {
                debug!(call = %call.id, verification = %call.verification, "call placed");
            }
            Event::CallRinging(call) => {
                let moments = call.moments();
                let delay = apart(moments.invited, moments.ringing);
                let trunk = self.trunk(call);
                debug!(call = %call.id, trunk = &*trunk, post_dial_delay = %delay, "call rings");
            }
            Event::MissedCall(call) => self.log_missed(call),
            Event::PhoneReported { call, saw, is_ours } => {
                info!(call = %call.id, saw = saw.as_str(), is_ours, "phone reported");
            }
            Event::VerificationCreated(verification) => {
                let Snapshot { id, to, codes, missed_call, .. } = &**verification;
                let pool = codes.as_ref().map(|codes| &*codes.pool);
                let code_space = codes.as_ref().map(|codes| codes.distinct);
                let did = missed_call.as_ref().map(|awaited| tracing::field::debug(awaited.did));
                info!(verification = %id, ?to, pool, code_space, did, "verification started");
            }
            Event::VerificationEnded(verification) => {
                let Snapshot { id, to, status, reason, calls, .. } = &**verification;
                let reason = reason.map_or("none", |reason| reason.as_str());
                let (status, calls) = (status.as_str(), calls.len());
                info!(verification = %id, ?to, status, reason, calls, "verification ended");
            }
            Event::WrongCode(verification) => {
                let Snapshot { id, to, attempts_left, .. } = &**verification;
                info!(verification = %id, ?to, attempts_left, "wrong code");
            }
        }
    }

    /// What nothing proves anybody can make up: it must not fill the disk. A Call-ID is whatever the
    /// other side puts there, numbers too: it stands in no line above DEBUG.
    fn log_missed(&self, call: &MissedCallRecord) {
        let MissedCallRecord { id, did, caller, header, fate, assurance, sip_call_id, .. } = call;
        let verification = fate.verification().map(tracing::field::display);
        let (trunk, sip_code) = (self.trunk_name(Some(call.trunk)), call.sip_code);
        let unknown = caller.as_ref().err().map(|why| why.as_str());
        let caller = caller.as_ref().ok().map(tracing::field::debug);
        let header = header.map(|header| header.as_str());
        let (outcome, assurance) = (fate.as_str(), assurance.as_str());
        let (is_disputed, is_forwarded) = (call.is_disputed, call.is_forwarded);
        if *fate == Fate::Unproven {
            debug!(
                call = %id, trunk = &*trunk, ?did, caller, unknown, header, is_disputed, is_forwarded,
                assurance, sip_call_id = &**sip_call_id, sip_code, outcome, "missed call"
            );
            return;
        }
        info!(
            call = %id, trunk = &*trunk, ?did, caller, unknown, header, is_disputed, is_forwarded,
            assurance, sip_code, outcome, verification, "missed call"
        );
    }

    fn log_ended(&self, call: &CallRecord) {
        let (Some(ending), moments) = (call.ending(), call.moments()) else { return };
        info!(
            call = %call.id,
            verification = %call.verification,
            trunk = &*self.trunk(call),
            outcome = ending.outcome.as_str(),
            by = ending.by.as_str(),
            sip_code = ending.sip_code,
            q850_cause = ending.q850_cause,
            undelivered = call.ladder.undelivered().map(|why| why.as_str()),
            post_dial_delay = %apart(moments.invited, moments.ringing),
            hung_up_after = %apart(moments.ringing, moments.hung_up),
            rang_at_most = %apart(moments.ringing, moments.ended),
            "call ended"
        );
    }

    fn trunk(&self, call: &CallRecord) -> Arc<str> {
        self.trunk_name(call.trunk())
    }

    fn trunk_name(&self, index: Option<u16>) -> Arc<str> {
        let name = index.and_then(|index| self.trunks.get(index));
        name.unwrap_or_else(|| NO_TRUNK.into())
    }
}

impl Listener for Recorder {
    fn on_event(&self, event: Event) {
        self.log(&event);
        self.metrics.on_event(&event);
        for listener in &self.next {
            listener.on_event(event.clone());
        }
    }
}

impl Watcher for Recorder {
    fn on_notice(&self, notice: Notice) {
        match notice {
            Notice::ForeignSource { trunk, source } => warn!(
                trunk = &*trunk,
                %source,
                "responses are dropped: they are to requests of ours and come from an address that \
                 the trunk's `sources` does not list; add it there if it is the trunk's"
            ),
            Notice::Stranger { source } => info!(
                %source,
                "calls are dropped without an answer: they come from an address that no trunk's \
                 `sources` lists; add it there if it is a trunk's"
            ),
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("next", &self.next.len()).finish_non_exhaustive()
    }
}

/// Shown as `1.250s`, or as `-` when one of the two moments never came.
struct Apart(Option<Duration>);

fn apart(start: Option<Duration>, end: Option<Duration>) -> Apart {
    Apart(start.zip(end).map(|(start, end)| end.saturating_sub(start)))
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(apart) => write!(f, "{:.3}s", apart.as_secs_f64()),
            None => f.write_str("-"),
        }
    }
}
