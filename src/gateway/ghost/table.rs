//! The calls of a gateway that died, found by the branch of their INVITE.
//!
//! Bounded by the number of client transactions that this shard may have, which was enough for the
//! gateway that died. Invariants: a branch is in the table once; a ghost is taken out when it is closed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::gateway::inflight::InFlight;
use crate::gateway::settings::Peer;
use crate::time::Wake;
use crate::transaction::branch::{BRANCH_LENGTH, BranchText};
use crate::transaction::non_invite_client::NonInviteClient;
use crate::transaction::slab::{Full, Handle, Slab};
use crate::verify::id::CallId;

/// A call whose gateway died.
pub(crate) struct Ghost {
    /// Its name.
    pub(crate) call: CallId,
    /// How the trunk is spoken to.
    pub(crate) peer: Arc<Peer>,
    /// Where its INVITE went.
    pub(crate) remote: SocketAddr,
    /// Its INVITE.
    pub(crate) invite: Box<[u8]>,
    /// The branch of that.
    pub(crate) branch: BranchText,
    /// Its Call-ID.
    pub(crate) call_id: u128,
    /// The number of its CSeq.
    pub(crate) cseq: u32,
    /// Where it stands.
    pub(crate) state: State,
    /// Whether its end has been told.
    pub(crate) is_told: bool,
    /// How many CANCEL transactions it may still have.
    pub(crate) cancels_left: u8,
    /// When it is forgotten, unless the trunk says something.
    pub(crate) until: Instant,
    /// The dialogs that 2xx responses made: each has been sent its BYE.
    pub(crate) dialogs: Vec<Box<[u8]>>,
    /// When the wheel will hand it back.
    pub(crate) armed: Option<Instant>,
}

/// Where a ghost stands.
#[derive(Debug)]
pub(crate) enum State {
    /// A CANCEL is under way.
    Canceling(NonInviteClient),
    /// The trunk took a CANCEL: the INVITE's final response will follow.
    Confirmed,
    /// The INVITE has its final response, which may come again.
    Final,
    /// The trunk refused the CANCEL, or did not answer it. What it says of the INVITE gets another.
    Refused,
}

impl Ghost {
    /// When, and why, it wants to be looked at.
    pub(crate) fn next_wake(&self) -> Wake {
        let end = Wake { at: self.until, why: "64*T1 of silence" };
        match &self.state {
            State::Canceling(cancel) => Wake::earlier(cancel.next_wake(), Some(end)).unwrap_or(end),
            State::Confirmed | State::Final | State::Refused => end,
        }
    }

    /// How long it is listened for after the last word: as long as a trunk repeats a final response
    /// (RFC 3261 §17.1.1.2, timer D; RFC 6026, timer M).
    pub(crate) fn patience(&self) -> Duration {
        self.peer.base().patience().max(TIMER_D)
    }
}

impl fmt::Debug for Ghost {
    /// Without the INVITE, which has numbers in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ghost")
            .field("call", &self.call)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A call of which nothing has been sent by this process.
#[derive(Debug)]
pub(crate) enum Silent {
    /// Its BYE is to be said: it was answered.
    Answered(InFlight),
    /// It is to be CANCELled, and listened for already.
    Raised(Handle),
}

/// Every ghost of a shard.
#[derive(Debug)]
pub(crate) struct Ghosts {
    slab: Slab<Ghost>,
    by_branch: BTreeMap<BranchText, Handle>,
    /// Those of which nothing has been sent.
    pub(crate) waiting: VecDeque<Silent>,
    filed: usize,
    /// How many in the slab have not been told to be over.
    open: usize,
}

impl Ghosts {
    /// An empty table for at most `limit` ghosts.
    pub(crate) fn new(limit: usize) -> Self {
        let (by_branch, waiting) = (BTreeMap::new(), VecDeque::new());
        Self { slab: Slab::new(limit), by_branch, waiting, filed: 0, open: 0 }
    }

    /// Adds a ghost whose branch is not here.
    pub(crate) fn insert(&mut self, ghost: Ghost) -> Result<Handle, Full> {
        let branch = ghost.branch;
        let handle = self.slab.insert(ghost)?;
        self.by_branch.insert(branch, handle);
        self.open += 1;
        Ok(handle)
    }

    /// The ghost whose INVITE has this branch, in either case.
    pub(crate) fn find(&self, branch: &[u8]) -> Option<Handle> {
        if self.by_branch.is_empty() {
            return None;
        }
        self.by_branch.get(&key(branch)?).copied()
    }

    /// The ghost at `handle`.
    pub(crate) fn get(&self, handle: Handle) -> Option<&Ghost> {
        self.slab.get(handle)
    }

    /// The ghost at `handle`.
    pub(crate) fn get_mut(&mut self, handle: Handle) -> Option<&mut Ghost> {
        self.slab.get_mut(handle)
    }

    /// Takes a ghost out.
    pub(crate) fn remove(&mut self, handle: Handle) -> Option<Ghost> {
        let ghost = self.slab.remove(handle)?;
        self.by_branch.remove(&ghost.branch);
        debug_assert!(ghost.is_told, "its end is told before it is forgotten");
        Some(ghost)
    }

    /// The end of a ghost is about to be told. `None`: it was before.
    pub(crate) fn close(&mut self, handle: Handle) -> Option<CallId> {
        let ghost = self.slab.get_mut(handle)?;
        if mem::replace(&mut ghost.is_told, true) {
            return None;
        }
        self.open -= 1;
        Some(ghost.call)
    }

    /// Of how many the end has not been told.
    pub(crate) fn open(&self) -> usize {
        let answered = |silent: &&Silent| matches!(silent, Silent::Answered(_));
        self.waiting.iter().filter(answered).count() + self.open
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.waiting.is_empty()
    }

    /// How many are listened for.
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// How many can be listened for at a time.
    pub(crate) fn limit(&self) -> usize {
        self.slab.limit()
    }

    /// How many entries they have in the wheel.
    pub(crate) fn filed(&self) -> usize {
        self.filed
    }

    /// Files a ghost at its next wish; says when, if it was not filed there already.
    pub(crate) fn file(&mut self, handle: Handle) -> Option<Instant> {
        let ghost = self.slab.get_mut(handle)?;
        let at = ghost.next_wake().at;
        if ghost.armed.is_some_and(|armed| armed <= at) {
            return None;
        }
        ghost.armed = Some(at);
        self.filed += 1;
        Some(at)
    }

    /// The wheel handed an entry back. Says whether its ghost is due.
    pub(crate) fn on_filed(&mut self, handle: Handle, now: Instant) -> bool {
        self.filed -= 1;
        let Some(ghost) = self.slab.get_mut(handle) else { return false };
        if ghost.armed.is_some_and(|armed| armed > now) {
            return false;
        }
        ghost.armed = None;
        true
    }
}

/// A branch as it is found by: tokens compare without case.
pub(crate) fn key(branch: &[u8]) -> Option<BranchText> {
    let mut key: BranchText = branch.try_into().ok()?;
    const { assert!(BRANCH_LENGTH == 39, "as long as those of the gateway that died") };
    // The cookie has a capital letter of its own.
    key.make_ascii_lowercase();
    Some(key)
}

/// RFC 3261 §17.1.1.2: "at least 32 seconds for unreliable transports".
const TIMER_D: Duration = Duration::from_secs(32);
