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
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::runtime::Handle;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;

    const LOCAL: [u8; 4] = [127, 0, 0, 1];

    #[tokio::test]
    async fn w04_names_that_hang_hold_up_no_name_that_was_found_before() {
        let gate = Arc::new(Semaphore::new(0));
        let (shut, runtime) = (gate.clone(), Handle::current());
        let lookups = Lookups::new(Names::Told(Arc::new(move |host| {
            if host.starts_with("hangs") {
                // Until it is closed.
                let _ = runtime.block_on(shut.acquire());
                return vec![];
            }
            vec![LOCAL.into()]
        })));
        let find = |host: &str| {
            let (lookups, host) = (lookups.clone(), host.to_owned());
            async move { lookups.find(host, 80).await }
        };
        let found = Ok(vec![SocketAddr::from((LOCAL, 80))]);
        assert_eq!(find("receiver.example").await, found);
        let mut hanging = JoinSet::new();
        for n in 0..3 * LOOKUPS_MAX {
            hanging.spawn(find(&format!("hangs{n}.example")));
        }
        while lookups.others.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let again = timeout(Duration::from_secs(60), find("receiver.example")).await;
        assert_eq!(again.unwrap(), found);
        let new = find("new.example");
        tokio::pin!(new);
        assert_eq!(new.as_mut().now_or_never(), None, "it waits for a place");
        gate.close();
        assert_eq!(new.await, found);
        while let Some(hung) = hanging.join_next().await {
            assert_eq!(hung.unwrap(), Err(Failure::Name));
        }
    }

    #[tokio::test]
    async fn w04_a_name_that_is_found_no_more_gives_its_place_up() {
        let is_there = Arc::new(AtomicBool::new(true));
        let there = is_there.clone();
        let told = move |_: &str| match there.load(Ordering::Relaxed) {
            true => vec![LOCAL.into()],
            false => vec![],
        };
        let lookups = Lookups::new(Names::Told(Arc::new(told)));
        let mark = lookups.marks.hash_one("receiver.example".to_owned());
        for is_found in [true, false, true] {
            is_there.store(is_found, Ordering::Relaxed);
            let answer = lookups.find("receiver.example".to_owned(), 80).await;
            assert_eq!(answer.is_ok(), is_found);
            assert_eq!(lookups.slot(mark).load(Ordering::Relaxed) == mark, is_found);
        }
    }
}
