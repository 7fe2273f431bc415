//! The webhooks, as a test plays them.

use std::sync::atomic::Ordering;

use ringproof::control::{
    Asked, DeadFilter, Deliveries, Delivery, DeliveryFilter, Retried, RetryError, WebhookEndpoint,
    Webhooks,
};
use ringproof::delivery::{DeliveryState, EndpointState};
use ringproof::time::Micros;

use super::world::Shards;

impl Webhooks for Shards {
    fn deliveries(&self, wanted: DeliveryFilter) -> Asked<Deliveries> {
        let delivery = Delivery {
            id: MESSAGE.to_owned(),
            endpoint: "shop".into(),
            event: "verification.verified".into(),
            verification: Some(TOLD.parse().unwrap()),
            sequence: 7,
            state: DeliveryState::Dead,
            created_at: Micros(1_795_169_730_123_456),
            attempts: 11,
            next_at: None,
            endpoint_state: EndpointState::Disabled,
            last_status: Some(503),
            error: Some("the endpoint answered 503".into()),
        };
        let callback = Delivery {
            endpoint: CALLBACK.into(),
            state: DeliveryState::Trying,
            verification: None,
            ..delivery.clone()
        };
        // Who asks for those that are tried gets a callback.
        let delivery = if wanted.state == Some(callback.state) { callback } else { delivery };
        let is_wanted = wanted.state.is_none_or(|state| state == delivery.state)
            && wanted.verification.is_none_or(|id| Some(id) == delivery.verification)
            && wanted.endpoint.is_none_or(|name| name == delivery.endpoint);
        // Two messages, of which the second is behind the first.
        let second = Delivery { id: CROWDED.to_owned(), sequence: 8, ..delivery.clone() };
        let all = [delivery, second].into_iter().filter(|_| is_wanted);
        let mut left = all.filter(|it| wanted.after.is_none_or(|after| number(&it.id) > after));
        let items: Vec<_> = left.by_ref().take(wanted.limit).collect();
        let next = left.next().and(items.last()).map(|last| last.id.clone());
        Box::pin(std::future::ready(Ok(Deliveries { items, next })))
    }

    fn endpoints(&self) -> Asked<Vec<WebhookEndpoint>> {
        let shop = WebhookEndpoint {
            name: "shop".into(),
            host: Some("hooks.example.com".into()),
            state: EndpointState::Down,
            rests_until: Some(Micros(1_795_169_731_000_000)),
            waiting: 3,
            trying: 1,
            dead: 2,
            last_error: Some(("it replied 503".into(), Micros(1_795_169_730_123_456))),
        };
        let gone = WebhookEndpoint {
            name: "old-shop".into(),
            host: None,
            state: EndpointState::Gone,
            rests_until: None,
            last_error: None,
            ..shop.clone()
        };
        Box::pin(std::future::ready(Ok(vec![shop, gone])))
    }

    fn retry(&self, id: &str) -> Asked<(), RetryError> {
        let result = match id {
            MESSAGE => Ok(()),
            CROWDED => Err(RetryError::Full),
            ORPHAN => Err(RetryError::EndpointGone { name: "old-shop".into() }),
            _ => Err(RetryError::NotFound),
        };
        self.retried.fetch_add(u32::from(result.is_ok()), Ordering::Relaxed);
        Box::pin(std::future::ready(result))
    }

    fn retry_dead(&self, wanted: DeadFilter) -> Asked<Retried, RetryError> {
        let is_gone = wanted.endpoint.as_deref() == Some("old-shop");
        let result = match is_gone {
            true => Err(RetryError::EndpointGone { name: "old-shop".into() }),
            false => {
                let next = wanted.after.is_none().then(|| CROWDED.to_owned());
                self.retried.fetch_add(wanted.limit as u32, Ordering::Relaxed);
                Ok(Retried { waiting: wanted.limit, left: 1, next })
            }
        };
        drop(self.wanted.send_replace(Some(wanted)));
        Box::pin(std::future::ready(result))
    }
}

/// The number in a message's id, as far as a test's ids differ.
fn number(id: &str) -> u128 {
    let digit =
        |letter: u8| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".iter().position(|it| *it == letter);
    let digits = id.trim_start_matches("msg_").bytes().filter_map(digit);
    digits.fold(0, |number, digit| number << 5 | digit as u128)
}

/// A message to a webhook that was not taken.
pub(crate) const MESSAGE: &str = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
/// Where another one goes to.
pub(crate) const CALLBACK: &str = "https://shop.example/hook?key=hunter2";
/// What it tells of.
pub(crate) const TOLD: &str = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P";
/// Another one, for an endpoint of which too many were asked for.
pub(crate) const CROWDED: &str = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8R";
/// One for an endpoint that was removed.
pub(crate) const ORPHAN: &str = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8Q";
