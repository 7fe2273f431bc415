//! Starts that are refused, over the wire: nothing is dialled.

use ringproof::outcome::{Outcome, Side};
use ringproof::verify::record::Ending;

use super::world::{START, World, short};

#[tokio::test]
async fn h02_a_body_that_is_no_start_is_refused_with_a_pointer_and_nothing_is_dialled() {
    let mut world = World::new(short()).await;
    let deep = format!("{{\"to\":{}", "[".repeat(10_000));
    let deep_inside = format!("{{\"to\":\"+46701234567\",\"x\":{}", "{\"y\":".repeat(2_000));
    for (body, pointer) in [
        (&*deep, "/to"),
        (&*deep_inside, "/x"),
        ("", "/to"),
        ("{}", "/to"),
        ("null", ""),
        ("[\"+46701234567\"]", ""),
        ("{\"to\":\"+46701234567\"", ""),
        ("{\"to\":\"+46701234567\"}}", ""),
        ("{\"to\":\"+46701234567\"} {}", ""),
        ("{\"to\":\"+46701234567\",\"to\":\"+46701234567\"}", "/to"),
        ("{\"to\":\"+46701234567\",\"ring_ms\":1e400}", "/ring_ms"),
        ("{\"to\":\"+46701234567\",\"ring_ms\":-1}", "/ring_ms"),
        ("{\"to\":\"+46701234567\",\"ring_ms\":NaN}", "/ring_ms"),
        ("{\"to\":\"+46701234567\",\"client_ref\":\"\\ud800\"}", "/client_ref"),
        ("{\"to\":\"\\udc00\"}", "/to"),
        ("{\"to\":\"+46701234567\",\"colour\":\"red\"}", "/colour"),
        ("{\"to\":46701234567}", "/to"),
        ("{\"to\":[\"+46701234567\"]}", "/to"),
        ("{\"to\":null}", "/to"),
        ("{\"to\":\"+46 (0)70 123 45 67\"}", "/to"),
    ] {
        let reply = world.ask("POST", "/v1/verifications", body).await;
        let shown = &body[..body.len().min(80)];
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{shown}");
        assert_eq!(reply.json()["pointer"], pointer, "{shown}: {}", reply.text());
    }
    assert!(world.orders.try_recv().is_err(), "nothing was dialled");
    assert_eq!(world.verify.census().phones.size, 0);
}

#[tokio::test]
async fn h03_a01_a_number_under_another_spelling_is_refused_with_what_to_leave_out() {
    let mut world = World::new(short()).await;
    let reply = world.ask("POST", "/v1/verifications", "{\"to\":\"+46 070 123 45 67\"}").await;
    assert_eq!(reply.problem(), (422, "number_not_allowed".to_owned()));
    let problem = reply.json();
    assert_eq!(problem["pointer"], "/to");
    assert_eq!(
        problem["detail"],
        "the first digit behind +46 is only dialled inside the country, leave it out"
    );
    assert!(world.orders.try_recv().is_err(), "nothing was dialled");
}

#[tokio::test]
async fn a08_a_phone_that_used_the_pool_up_gets_503_and_another_phone_is_rung() {
    let mut world = World::calling_from("+46876500[000-599]", short(), None).await;
    let (id, order) = world.start().await;
    let outcome = Outcome::Completed;
    let ending = Ending { outcome, by: Side::Us, sip_code: Some(487), q850_cause: None };
    order.call.on_ended(ending, order.call.placed);
    world.verify.on_call_ended(&order.call);
    let exhausted = (503, "pool_exhausted".to_owned());
    let path = format!("/v1/verifications/{id}");
    assert_eq!(world.ask("POST", &format!("{path}/call"), "").await.problem(), exhausted);
    assert_eq!(world.ask("DELETE", &path, "").await.status, 200);
    let refused = world.ask("POST", "/v1/verifications", START).await;
    assert_eq!(refused.problem(), exhausted);
    assert_eq!(
        refused.json()["detail"],
        "pool `default` has 599 codes left for this phone, 600 are needed: retry when earlier \
         calls are forgotten, or enlarge the pool"
    );
    assert!(world.orders.try_recv().is_err(), "nothing was dialled");
    let other = world.ask("POST", "/v1/verifications", "{\"to\":\"+46701234568\"}").await;
    assert_eq!(other.status, 201);
}
