//! The client transactions of one shard: a slab whose index is in the branch.
//!
//! A CANCEL carries the branch of the INVITE that it cancels (RFC 3261 §9.1) and is a transaction of
//! its own, so both share a slot and the method in CSeq tells their responses apart (§17.1.3).
//!
//! Invariant: a response finds a transaction only while it is alive.

use super::branch::{BranchKey, BranchText};
use super::invite_client::InviteClient;
use super::non_invite_client::NonInviteClient;
use super::slab::{Full, Handle, Slab};
use crate::entropy::Stream;
use crate::sip::Method;
use crate::time::Wake;

/// The machine of a request.
#[derive(Debug)]
pub enum Machine {
    /// An INVITE, and its CANCEL if one was sent.
    Invite {
        /// The INVITE.
        invite: InviteClient,
        /// Its CANCEL.
        cancel: Option<NonInviteClient>,
    },
    /// Any other request.
    NonInvite {
        /// Its method, which its responses must repeat in CSeq.
        method: Method,
        /// The request.
        request: NonInviteClient,
    },
    /// None yet: a request that has its branch and has not been sent. It wants nothing and hears
    /// nothing.
    Unsent,
}

impl Machine {
    /// The earliest wish of the machines in the slot.
    pub fn next_wake(&self) -> Option<Wake> {
        match self {
            Self::Invite { invite, cancel } => Wake::earlier(
                invite.next_wake(),
                cancel.as_ref().and_then(NonInviteClient::next_wake),
            ),
            Self::NonInvite { request, .. } => request.next_wake(),
            Self::Unsent => None,
        }
    }

    /// Whether every machine in the slot has ended.
    pub fn is_terminated(&self) -> bool {
        match self {
            Self::Invite { invite, cancel } => {
                invite.is_terminated() && cancel.as_ref().is_none_or(NonInviteClient::is_terminated)
            }
            Self::NonInvite { request, .. } => request.is_terminated(),
            Self::Unsent => true,
        }
    }
}

/// Which machine of a slot a response belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Matched {
    /// The CANCEL of the INVITE.
    Cancel,
    /// The INVITE.
    Invite,
    /// The other request.
    NonInvite,
}

/// One slot's content: the machines, and what their owner keeps beside them.
#[derive(Debug)]
pub struct Client<T> {
    /// The machines.
    pub machine: Machine,
    /// The owner's own data: what is needed to render the requests again.
    pub owner: T,
}

/// The client transactions of one shard.
#[derive(Debug)]
pub struct Clients<T> {
    slab: Slab<Client<T>>,
    key: BranchKey,
}

impl<T> Clients<T> {
    /// An empty table for at most `limit` transactions.
    pub fn new(limit: usize, entropy: &mut Stream) -> Self {
        Self { slab: Slab::new(limit), key: BranchKey::new(entropy) }
    }

    /// Gives a new transaction a place.
    ///
    /// # Errors
    ///
    /// When as many transactions are alive as may be.
    pub fn insert(&mut self, client: Client<T>) -> Result<Handle, Full> {
        self.slab.insert(client)
    }

    /// The transaction at `handle`, if it is still alive.
    pub fn get(&self, handle: Handle) -> Option<&Client<T>> {
        self.slab.get(handle)
    }

    /// The transaction at `handle`, if it is still alive.
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut Client<T>> {
        self.slab.get_mut(handle)
    }

    /// Drops the transaction at `handle`.
    pub fn remove(&mut self, handle: Handle) -> Option<Client<T>> {
        self.slab.remove(handle)
    }

    /// The branch that the requests of `handle` carry.
    pub fn branch(&self, handle: Handle) -> BranchText {
        self.key.write(handle)
    }

    /// The live transaction that a response with this branch and this method in CSeq belongs to
    /// (RFC 3261 §17.1.3).
    pub fn find(&self, branch: &[u8], method: Method) -> Option<(Handle, Matched)> {
        let handle = self.key.read(branch)?;
        let client = self.slab.get(handle)?;
        let matched = match (&client.machine, method) {
            // The slot may outlive its INVITE, for the sake of the CANCEL.
            (Machine::Invite { invite, .. }, Method::Invite) if !invite.is_terminated() => {
                Matched::Invite
            }
            (Machine::Invite { cancel: Some(_), .. }, Method::Cancel) => Matched::Cancel,
            (Machine::NonInvite { method: own, .. }, method) if *own == method => {
                Matched::NonInvite
            }
            (Machine::Invite { .. } | Machine::NonInvite { .. } | Machine::Unsent, _) => {
                return None;
            }
        };
        Some((handle, matched))
    }

    /// The handle that `branch` names when it is one of ours, alive or not: a late response to a
    /// transaction that has ended can be told from a forged one.
    pub fn was_ours(&self, branch: &[u8]) -> bool {
        self.key.read(branch).is_some()
    }

    /// Handles of all live transactions, in the order of their slots.
    pub fn handles(&self) -> impl Iterator<Item = Handle> {
        self.slab.handles()
    }

    /// How many transactions are alive, and how many may be.
    pub fn occupancy(&self) -> (usize, usize) {
        (self.slab.len(), self.slab.limit())
    }
}

#[cfg(test)]
mod tests;
