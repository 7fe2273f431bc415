//! Addresses of names, as the system finds them. A look-up that hangs, because a name server is silent,
//! keeps its thread beyond every time-out, so only so many may be under way.
//!
//! Invariant: names that were found the last time have places of their own, which no name takes that was
//! not. Clients choose the hosts of callbacks: whoever gives ever new names that hang holds up other new
//! names, and nobody who has been told before.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use super::failure::Failure;

/// Looks names up.
pub(super) struct Lookups {
    names: Names,
    /// Names that were found the last time, as marks: two that want one slot take turns.
    found: Box<[AtomicU64]>,
    /// Nobody can choose names that want the slot of another.
    marks: RandomState,
    /// Places of names that were found the last time, and of all others.
    known: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

/// Who knows the addresses of names.
#[derive(Clone)]
pub(super) enum Names {
    /// The system.
    System,
    /// A test.
    #[cfg(test)]
    Told(Arc<Teller>),
}

#[cfg(test)]
type Teller = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

impl Lookups {
    pub(super) fn new(names: Names) -> Arc<Self> {
        let places = || Arc::new(Semaphore::new(LOOKUPS_MAX));
        let found = (0..FOUND_MAX).map(|_| AtomicU64::new(0)).collect();
        let (known, others) = (places(), places());
        Arc::new(Self { names, found, marks: RandomState::new(), known, others })
    }

    /// The addresses of a host, which may be one itself. Waits for a place.
    pub(super) async fn find(
        self: &Arc<Self>,
        host: String,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Failure> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let mark = self.marks.hash_one(&host);
        let is_known = self.slot(mark).load(Ordering::Relaxed) == mark;
        let places = if is_known { &self.known } else { &self.others };
        let permit = places.clone().acquire_owned().await.map_err(|_| Failure::Name)?;
        let this = Arc::clone(self);
        let found = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let found = this.names.ask(&host, port).unwrap_or_default();
            this.note(mark, !found.is_empty());
            found
        });
        found.await.ok().filter(|found| !found.is_empty()).ok_or(Failure::Name)
    }

    fn note(&self, mark: u64, is_found: bool) {
        let order = Ordering::Relaxed;
        match is_found {
            true => self.slot(mark).store(mark, order),
            // Another name may have the slot by now.
            false => drop(self.slot(mark).compare_exchange(mark, 0, order, order)),
        }
    }

    fn slot(&self, mark: u64) -> &AtomicU64 {
        // The remainder is below the number of slots, which fits into usize.
        &self.found[(mark % self.found.len() as u64) as usize]
    }
}

impl Names {
    fn ask(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok((host, port).to_socket_addrs()?.collect()),
            #[cfg(test)]
            Self::Told(told) => {
                Ok(told(host).into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
            }
        }
    }
}

/// Look-ups under way at once for one endpoint, or for all callbacks: of names that were found the last
/// time, and as many of others.
const LOOKUPS_MAX: usize = 32;
/// Names that are known to have been found.
const FOUND_MAX: usize = 4_096;

#[cfg(test)]
mod tests;
