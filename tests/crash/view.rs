//! A verification as the API shows it, as little of it as the ledger keeps.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

/// One look at a verification.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) to: String,
    /// What never changes.
    pub(crate) fixed: String,
    pub(crate) attempts_left: u8,
    /// Status, reason and moment of the end; `None` while it is pending.
    pub(crate) end: Option<String>,
}

impl View {
    /// What this JSON shows; `None` when it is no verification.
    pub(crate) fn read(json: &Value) -> Option<Self> {
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
        let or_none = |pointer: &str| text(pointer).unwrap_or("-");
        let fixed =
            ["/to", "/method", "/created_at", "/expires_at", "/client_ref", "/missed_call/did"];
        let end = ["/status", "/reason", "/ended_at"];
        let join = |pointers: &[&str]| {
            let found: Vec<&str> = pointers.iter().map(|pointer| or_none(pointer)).collect();
            found.join(" ")
        };
        Some(Self {
            id: text("/id")?.to_owned(),
            to: text("/to")?.to_owned(),
            fixed: join(&fixed),
            attempts_left: u8::try_from(json.get("attempts_left")?.as_u64()?).ok()?,
            end: (text("/status")? != "pending").then(|| join(&end)),
        })
    }

    /// Whether somebody has proven the phone.
    pub(crate) fn is_verified(&self) -> bool {
        self.end.as_deref().is_some_and(|end| end.starts_with("verified"))
    }
}

/// What stands for a text that is too long to keep.
pub(crate) fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
