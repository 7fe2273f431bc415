//! The server transactions of one endpoint: found by branch, sent-by and method (RFC 3261 §17.2.3).
//!
//! The keys are 128-bit keyed hashes, so that nobody can choose branches that collide. A request
//! without the magic cookie is matched by the fields of RFC 2543 that §17.2.3 lists.
//!
//! Invariant: a transaction is found by its key from `insert` to `remove`.

use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::invite_server::InviteServer;
use super::non_invite_server::NonInviteServer;
use super::slab::{Full, Handle, Slab};
use crate::entropy::Stream;
use crate::sip::{HeaderError, Message, Method};
use crate::time::Wake;

/// The machine of a request that arrived.
#[derive(Debug)]
pub enum Machine {
    /// An INVITE.
    Invite(InviteServer),
    /// Any other request.
    NonInvite(NonInviteServer),
}

impl Machine {
    /// The machine's next deadline.
    pub fn next_wake(&self) -> Option<Wake> {
        match self {
            Self::Invite(machine) => machine.next_wake(),
            Self::NonInvite(machine) => machine.next_wake(),
        }
    }

    /// Whether the machine has ended.
    pub fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

/// What a request is matched by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Key(u128);

/// One server transaction and what its owner keeps beside it.
#[derive(Debug)]
pub struct Server<T> {
    /// The machine.
    pub machine: Machine,
    /// The owner's own data: the last response, what the transaction is for.
    pub owner: T,
    key: Key,
    merge: Option<Key>,
}

/// The server transactions of one endpoint.
#[derive(Debug)]
pub struct Servers<T> {
    slab: Slab<Server<T>>,
    by_key: HashMap<Key, Handle>,
    /// Requests outside dialogs by what merged copies of them share, RFC 3261 §8.2.2.2.
    by_merge: HashMap<Key, Handle>,
    hasher: SipHasher24,
}

impl<T> Servers<T> {
    /// An empty table for at most `limit` transactions.
    pub fn new(limit: usize, entropy: &mut Stream) -> Self {
        let hasher = SipHasher24::new_with_keys(entropy.u64(), entropy.u64());
        Self { slab: Slab::new(limit), by_key: HashMap::new(), by_merge: HashMap::new(), hasher }
    }

    /// The key of the transaction of `method` that `request` belongs to. An ACK belongs to an
    /// INVITE; a CANCEL has a transaction of its own, and names the one it cancels by the same
    /// fields with another method (§9.2).
    ///
    /// # Errors
    ///
    /// When a header that identifies the transaction is missing or cannot be read.
    pub fn key(&self, request: &Message<'_>, method: Method) -> Result<Key, HeaderError> {
        let via = request.via()?;
        let mut hasher = self.hasher;
        match via.branch {
            Some(branch) if via.has_unique_branch() => write_folded(&mut hasher, branch),
            // A branch that is exactly the cookie identifies nothing (RFC 4475 §3.2.1).
            Some(_) | None => {
                // RFC 2543. Not the Request-URI and the To tag, which §17.2.3 lists as well: the ACK of a
                // refusal has another To tag than its INVITE, and the rest tells two calls apart.
                write(&mut hasher, request.call_id()?);
                write(&mut hasher, request.from()?.tag().unwrap_or_default());
                hasher.write_u32(request.cseq()?.number);
                write(&mut hasher, via.branch.unwrap_or_default());
            }
        }
        write_folded(&mut hasher, via.sent_by);
        let method = if method == Method::Ack { Method::Invite } else { method };
        write(&mut hasher, method.as_str().as_bytes());
        Ok(Key(hasher.finish128().into()))
    }

    /// The transaction with this key.
    pub fn find(&self, key: Key) -> Option<Handle> {
        self.by_key.get(&key).copied()
    }

    /// Whether `request`, which matched no transaction, is a copy of one that came by another path:
    /// it gets a 482 (RFC 3261 §8.2.2.2).
    pub fn is_merged(&self, request: &Message<'_>) -> bool {
        self.merge_key(request).is_some_and(|key| self.by_merge.contains_key(&key))
    }

    /// Gives a new transaction a place.
    ///
    /// # Errors
    ///
    /// When as many transactions are alive as may be.
    pub fn insert(
        &mut self,
        key: Key,
        request: &Message<'_>,
        machine: Machine,
        owner: T,
    ) -> Result<Handle, Full> {
        let merge = self.merge_key(request);
        let handle = self.slab.insert(Server { machine, owner, key, merge })?;
        self.by_key.insert(key, handle);
        if let Some(merge) = merge {
            self.by_merge.insert(merge, handle);
        }
        Ok(handle)
    }

    /// The transaction at `handle`, if it is still alive.
    pub fn get(&self, handle: Handle) -> Option<&Server<T>> {
        self.slab.get(handle)
    }

    /// The transaction at `handle`, if it is still alive.
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut Server<T>> {
        self.slab.get_mut(handle)
    }

    /// Drops the transaction at `handle`.
    pub fn remove(&mut self, handle: Handle) -> Option<Server<T>> {
        let server = self.slab.remove(handle)?;
        self.by_key.remove(&server.key);
        // Another may have taken it over.
        if let Some(merge) = server.merge.filter(|merge| self.by_merge.get(merge) == Some(&handle))
        {
            self.by_merge.remove(&merge);
        }
        Some(server)
    }

    /// Handles of all live transactions, in the order of their slots.
    pub fn handles(&self) -> impl Iterator<Item = Handle> {
        self.slab.handles()
    }

    /// How many transactions are alive, and how many may be.
    pub fn occupancy(&self) -> (usize, usize) {
        (self.slab.len(), self.slab.limit())
    }

    /// §8.2.2.2: no tag in To, and the same From tag, Call-ID and CSeq.
    fn merge_key(&self, request: &Message<'_>) -> Option<Key> {
        if request.to().ok()?.tag().is_some() {
            return None;
        }
        let cseq = request.cseq().ok()?;
        let mut hasher = self.hasher;
        write(&mut hasher, b"merged");
        write(&mut hasher, request.from().ok()?.tag()?);
        write(&mut hasher, request.call_id().ok()?);
        hasher.write_u32(cseq.number);
        write(&mut hasher, cseq.method.as_str().as_bytes());
        Some(Key(hasher.finish128().into()))
    }
}

/// The length keeps neighbouring fields apart.
fn write(hasher: &mut SipHasher24, field: &[u8]) {
    hasher.write_usize(field.len());
    hasher.write(field);
}

/// Tokens and host names compare without case.
fn write_folded(hasher: &mut SipHasher24, field: &[u8]) {
    hasher.write_usize(field.len());
    field.iter().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
}

#[cfg(test)]
mod tests;
