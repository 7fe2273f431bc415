//! What is told of a world: always its digest (S7), and every word of it when somebody listens.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

/// The story of one world.
pub(crate) struct Story {
    digest: DefaultHasher,
    text: Option<String>,
}

impl Story {
    pub(crate) fn new(is_told: bool) -> Self {
        // Its keys are fixed, so that two runs can be compared.
        Self { digest: DefaultHasher::new(), text: is_told.then(String::new) }
    }

    /// Adds bytes to what two runs must have in common.
    pub(crate) fn note(&mut self, at: Duration, bytes: &[u8]) {
        self.digest.write_u128(at.as_nanos());
        self.digest.write(bytes);
    }

    /// Adds a line that is both noted and told.
    pub(crate) fn record(&mut self, at: Duration, line: &str) {
        self.note(at, line.as_bytes());
        self.tell(at, || line.to_owned());
    }

    /// Adds a line to the text, if there is one.
    pub(crate) fn tell(&mut self, at: Duration, line: impl FnOnce() -> String) {
        if let Some(text) = &mut self.text {
            *text += &format!("{:010.3}  {}\n", at.as_secs_f64(), line());
        }
    }

    /// What has been noted so far.
    pub(crate) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// What has been told so far.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s07_another_byte_or_another_moment_is_another_story() {
        let digest = |at: u64, bytes: &[u8]| {
            let mut story = Story::new(false);
            story.note(Duration::from_nanos(at), bytes);
            story.digest()
        };
        assert_eq!(digest(1, b"a"), digest(1, b"a"));
        assert_ne!(digest(1, b"a"), digest(2, b"a"));
        assert_ne!(digest(1, b"a"), digest(1, b"b"));
    }
}
