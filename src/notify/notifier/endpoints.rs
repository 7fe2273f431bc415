//! The endpoints, as people are shown them: those of the configuration, and those that messages wait for
//! all the same.

use tokio::sync::oneshot;

use super::super::message::Endpoint;
use super::super::outbox::OutboxError;
use super::super::standing::{EndpointReading, LastFailure};
use super::{Command, Notifier};
use crate::delivery::EndpointState;

impl Notifier {
    /// Every endpoint: those of the configuration in its order, callbacks, and those that are in it no
    /// more while messages wait for them.
    ///
    /// # Errors
    ///
    /// It has stopped.
    pub async fn endpoints(&self) -> Result<Vec<EndpointReading>, OutboxError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.commands.send(Command::Endpoints(reply)).await;
        let standings = answer.await.map_err(|_| OutboxError)?;
        let known = self.tallies.iter().zip(standings).enumerate();
        let known = known.map(|(index, ((name, tally), (standing, failure)))| {
            let figures = tally.read(name.clone());
            let error =
                |(failure, at): LastFailure| (failure.to_string().into(), self.clock.at(at));
            EndpointReading {
                name: name.clone(),
                host: self.hosts.get(index).cloned(),
                state: standing.state,
                until: standing.from.map(|from| self.clock.at(from)),
                waiting: figures.waiting,
                trying: figures.trying,
                dead: figures.dead,
                last_error: failure.map(error),
            }
        });
        let gone = self.orphans.all().into_iter().map(|(endpoint, count)| EndpointReading {
            name: match endpoint {
                Endpoint::Named(name) => Some(name),
                Endpoint::Url(_) => None,
            },
            host: None,
            state: EndpointState::Gone,
            until: None,
            waiting: count.waiting,
            trying: 0,
            dead: count.dead,
            last_error: None,
        });
        Ok(known.chain(gone).collect())
    }
}
