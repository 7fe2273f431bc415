use std::future::poll_fn;

use tokio::sync::oneshot;

use super::*;

#[tokio::test]
async fn h07_an_operation_that_nobody_waits_for_any_more_comes_to_its_end() {
    let ((go_on, wait), (done, is_done)) = (oneshot::channel(), oneshot::channel());
    let mut operation = lasting(async {
        wait.await.unwrap();
        done.send(()).unwrap();
        Response::default()
    });
    let is_pending =
        poll_fn(|context| Poll::Ready(Pin::new(&mut operation).poll(context).is_pending()));
    assert!(is_pending.await);
    drop(operation);
    go_on.send(()).unwrap();
    is_done.await.unwrap();
}
