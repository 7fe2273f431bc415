//! Names that hang, names that are found, and which of them wait for which.

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
