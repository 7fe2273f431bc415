//! The dialog of an answered call whose 2xx names it badly: an unreadable or missing To or From, more
//! routes than are kept. A call that is not ended costs money, so what the 2xx does not say is taken
//! from our own INVITE.

use super::Gateway;
use crate::sip::request::{Dialog, Own};
use crate::sip::{Message, Name};
use crate::transaction::slab::Handle;

impl Gateway {
    /// The INVITE of a leg as it was sent; empty for what is no leg.
    pub(crate) fn render_invite(&mut self, handle: Handle) -> Vec<u8> {
        let mut invite = vec![];
        if let Some(leg) = self.leg_mut(handle) {
            leg.peer.messages.write_invite(&leg.identity, &mut invite);
        }
        invite
    }
}

/// The dialog that a 2xx to `invite`, a request of ours, made.
pub(crate) fn of_leg<'a>(response: &Message<'a>, invite: &'a [u8]) -> Option<Dialog<'a>> {
    let own = Own::of(&Message::parse(invite).ok()?)?;
    Some(Dialog::salvage(response, &own))
}

/// The dialog that a 2xx made to an INVITE that nobody remembers. Only its From and Call-ID are sure
/// to be ours; `uri` stands for a phone that it does not name.
pub(crate) fn of_late<'a>(response: &Message<'a>, uri: &'a [u8]) -> Option<Dialog<'a>> {
    let own = Own {
        from: response.header(Name::From).next()?,
        to: uri,
        call_id: response.call_id().ok()?,
        cseq: response.cseq().ok()?.number,
        uri,
    };
    Some(Dialog::salvage(response, &own))
}

/// What tells the dialogs of one INVITE apart: the tag of To, or all of it when it cannot be read.
pub(crate) fn name_of(response: &Message<'_>) -> Box<[u8]> {
    match response.to() {
        Ok(to) => to.tag().unwrap_or_default().into(),
        Err(_) => response.header(Name::To).next().unwrap_or_default().into(),
    }
}
