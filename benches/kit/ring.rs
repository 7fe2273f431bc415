//! How long phones rang, as a capture at the trunk's side shows it.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use ringproof::sip::{Message, Method, Status};

use crate::capture::Datagram;

/// By how many milliseconds each call rang longer or shorter than planned.
pub(crate) fn errors(
    datagrams: &[Datagram],
    planned: Duration,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut rang = BTreeMap::new();
    let mut errors = vec![];
    for Datagram { at, payload } in datagrams {
        let message = Message::parse(payload)?;
        let call = message.call_id()?;
        if message.status() == Some(Status::RINGING) {
            rang.entry(call).or_insert(*at);
        } else if message.method() == Some(Method::Cancel)
            && let Some(from) = rang.remove(call)
        {
            let lasted = at.saturating_sub(from) as f64 / 1e3;
            errors.push(lasted - planned.as_secs_f64() * 1e3);
        }
    }
    Ok(errors)
}
