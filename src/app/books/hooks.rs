//! Webhooks as the control room sees them, and the end of their stop.

use std::sync::Arc;

use crate::control::{
    Asked, DeadFilter, Deliveries, Delivery, DeliveryFilter, Retried, RetryError, Unavailable,
    WebhookEndpoint, Webhooks,
};
use crate::notify::{self, CALLBACKS, Endpoint, EndpointReading, Filter, MessageId, Notifier, Of};

/// The notifier behind the API.
pub(crate) struct Hooks(pub(crate) Arc<Notifier>);

impl Webhooks for Hooks {
    fn deliveries(&self, wanted: DeliveryFilter) -> Asked<Deliveries> {
        let notifier = Arc::clone(&self.0);
        let filter = Filter {
            of: of(wanted.endpoint),
            state: wanted.state,
            verification: wanted.verification,
            after: wanted.after.map(MessageId),
            limit: wanted.limit,
        };
        Box::pin(async move {
            let found = notifier.deliveries(filter).await.map_err(|_| Unavailable)?;
            let items = found.items.into_iter().map(delivery).collect();
            Ok(Deliveries { items, next: found.next.map(|id| id.to_string()) })
        })
    }

    fn endpoints(&self) -> Asked<Vec<WebhookEndpoint>> {
        let notifier = Arc::clone(&self.0);
        Box::pin(async move {
            let found = notifier.endpoints().await.map_err(|_| Unavailable)?;
            Ok(found.into_iter().map(endpoint).collect())
        })
    }

    fn retry(&self, id: &str) -> Asked<(), RetryError> {
        let (notifier, id) = (Arc::clone(&self.0), id.parse());
        Box::pin(async move {
            // What is no id names nothing.
            let id = id.map_err(|_| RetryError::NotFound)?;
            notifier.retry(id).await.map_err(refusal)
        })
    }

    fn retry_dead(&self, wanted: DeadFilter) -> Asked<Retried, RetryError> {
        let notifier = Arc::clone(&self.0);
        let DeadFilter { endpoint, since, before, after, limit } = wanted;
        let after = after.map(MessageId);
        let filter = notify::DeadFilter { of: of(endpoint), since, before, after, limit };
        Box::pin(async move {
            let notify::Retried { waiting, left, next } =
                notifier.retry_dead(filter).await.map_err(refusal)?;
            Ok(Retried { waiting, left, next: next.map(|id| id.to_string()) })
        })
    }
}

/// Whose messages are meant by this name.
fn of(endpoint: Option<Arc<str>>) -> Of {
    match endpoint {
        None => Of::All,
        Some(name) if *name == *CALLBACKS => Of::Urls,
        Some(name) => Of::Named(name),
    }
}

fn delivery(found: notify::Delivery) -> Delivery {
    Delivery {
        id: found.id.to_string(),
        endpoint: match found.endpoint {
            Endpoint::Named(name) => name,
            Endpoint::Url(url) => url,
        },
        event: found.event,
        verification: found.verification,
        sequence: found.sequence,
        state: found.state,
        created_at: found.created_at,
        attempts: found.attempts,
        next_at: found.next_at,
        endpoint_state: found.endpoint_state,
        last_status: found.status,
        error: found.error,
    }
}

fn endpoint(found: EndpointReading) -> WebhookEndpoint {
    WebhookEndpoint {
        name: found.name.unwrap_or_else(|| CALLBACKS.into()),
        host: found.host,
        state: found.state,
        rests_until: found.until,
        waiting: found.waiting,
        trying: found.trying,
        dead: found.dead,
        last_error: found.last_error,
    }
}

fn refusal(error: notify::RetryError) -> RetryError {
    match error {
        notify::RetryError::Full => RetryError::Full,
        notify::RetryError::Gone(Endpoint::Named(name)) => RetryError::EndpointGone { name },
        notify::RetryError::Gone(Endpoint::Url(_)) => RetryError::CallbacksOff,
        notify::RetryError::NotFound => RetryError::NotFound,
        notify::RetryError::Outbox(_) => Unavailable.into(),
    }
}
