//! What is dropped before it is read: datagrams of strangers, and responses to nothing of ours. A flood
//! of either costs a look at an address, or a keyed hash.
//!
//! Deliberately absent: whether a response counts. A profile may let answers come from anywhere; here
//! they only have to hold a branch that we made.

use std::net::SocketAddr;

use super::Gateway;
use super::settings::Line;
use crate::tally::DropReason;
use crate::transaction::branch::{BRANCH_LENGTH, MAGIC_COOKIE};

impl Gateway {
    /// Why a datagram is not worth being read, if it is not.
    pub(crate) fn noise(&self, from: SocketAddr, datagram: &[u8]) -> Option<DropReason> {
        let lead = datagram.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let text = &datagram[lead..];
        // RFC 3261 §7.2: what does not begin with the version is a request, if it is anything.
        if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
            let may_ask = self.lines.iter().any(|line| line.may_ask(from.ip()));
            return (!may_ask).then_some(DropReason::ForeignSource);
        }
        let is_expected = self.may_be_late_answer(from, text) || self.holds_branch_of_ours(text);
        (!is_expected).then_some(DropReason::UnknownBranch)
    }

    /// A 2xx from a trunk, or from where one was: a phone that was picked up is hung up even if what lies
    /// between has written our Via anew.
    fn may_be_late_answer(&self, from: SocketAddr, text: &[u8]) -> bool {
        let is_success = text.get(7..9) == Some(b" 2");
        is_success && self.lines.iter().flat_map(Line::places).any(|peer| peer.owns(from.ip()))
    }

    /// Tokens compare without case, so the cookie may come back in capitals.
    fn holds_branch_of_ours(&self, text: &[u8]) -> bool {
        memchr::memchr2_iter(b'z', b'Z', text)
            .filter_map(|at| text.get(at..at + BRANCH_LENGTH))
            .filter(|branch| branch[..MAGIC_COOKIE.len()].eq_ignore_ascii_case(MAGIC_COOKIE))
            .any(|branch| self.clients.was_ours(branch) || self.ghosts.find(branch).is_some())
    }
}
