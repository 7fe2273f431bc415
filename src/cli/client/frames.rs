//! Server-sent events as bytes: lines in, frames out (the stream format of the HTML standard).
//! Deliberately absent: `retry`, because nothing here reconnects.

/// One event of the stream.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Frame {
    /// Its number; empty when it has none.
    pub(super) id: String,
    /// Its type; empty when it has none.
    pub(super) event: String,
    /// What it says.
    pub(super) data: String,
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    frame: Frame,
    has_data: bool,
    seen: Option<u64>,
    cut_off: Option<String>,
}

/// A frame longer than the daemon would ever send.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an event is longer than {FRAME_BYTES_MAX} bytes")]
pub(super) struct TooLong;

impl Frames {
    /// Takes what came.
    ///
    /// # Errors
    ///
    /// When what is kept for an unfinished frame grows beyond any frame of the daemon.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let kept = self.bytes.len() + self.frame.data.len();
        if kept + bytes.len() > FRAME_BYTES_MAX {
            return Err(TooLong);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The next whole frame. Comments and frames without data are nothing.
    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if !line.is_empty() {
                self.take_line(line);
                continue;
            }
            let frame = std::mem::take(&mut self.frame);
            // Of a frame without data, too: the first one says where the stream begins.
            self.seen = frame.id.parse().ok().or(self.seen);
            if std::mem::take(&mut self.has_data) {
                return Some(frame);
            }
        }
        None
    }

    /// The number behind which to come back, once the stream has named one.
    pub(super) fn seen(&self) -> Option<u64> {
        self.seen
    }

    /// Why the daemon ends the stream, if it said so: in a comment, which is no frame.
    pub(super) fn cut_off(&self) -> Option<&str> {
        self.cut_off.as_deref()
    }

    fn take_line(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(value);
                self.has_data = true;
            }
            // What follows is for programs that come back by themselves.
            "" if value.starts_with("cut off") => {
                let why = value.split_once(':').map_or(value, |(why, _)| why);
                self.cut_off = Some(why.to_owned());
            }
            "event" => value.clone_into(&mut self.frame.event),
            "id" => value.clone_into(&mut self.frame.id),
            _ => {}
        }
    }
}

/// Far above the longest event: a verification is about a kilobyte.
const FRAME_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(chunks: &[&[u8]]) -> Vec<String> {
        let mut frames = Frames::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            frames.push(chunk).unwrap();
            while let Some(Frame { id, event, data }) = frames.next_frame() {
                seen.push(format!("{id} {event} {data:?}"));
            }
        }
        seen
    }

    #[test]
    fn a_frame_may_come_in_any_pieces() {
        let stream = b": hello\n\nid: 7\nevent: call.ringing\ndata: {\"a\":1}\n\nid: 8\r\nevent:x\r\ndata:1\r\ndata:2\r\n\r\n";
        let whole = frames(&[stream]);
        assert_eq!(whole, ["7 call.ringing \"{\\\"a\\\":1}\"", "8 x \"1\\n2\""]);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(frames(&bytes), whole);
    }

    #[test]
    fn comments_and_frames_without_data_are_nothing() {
        assert!(
            frames(&[b": keep-alive\n\nevent: x\n\nretry: 5\n\ndata: unfinished\n"]).is_empty()
        );
    }

    #[test]
    fn an_id_without_data_says_where_to_go_on_and_is_no_event() {
        let mut frames = Frames::default();
        frames.push(b"retry: 1000\nid: 00000000000000000041\n").unwrap();
        assert_eq!((frames.next_frame(), frames.seen()), (None, None), "it is not whole");
        frames.push(b"\n").unwrap();
        assert_eq!((frames.next_frame(), frames.seen()), (None, Some(41)));
        frames.push(b"id: 42\ndata: {}\n\n: still here\n\n").unwrap();
        assert_eq!(frames.next_frame().map(|frame| frame.id), Some("42".to_owned()));
        assert_eq!((frames.next_frame(), frames.seen()), (None, Some(42)));
    }

    #[test]
    fn the_reason_of_the_end_is_a_comment() {
        let mut frames = Frames::default();
        frames.push(b": still here\n\n").unwrap();
        assert_eq!((frames.next_frame(), frames.cut_off()), (None, None));
        frames.push(b": cut off, too slow: come back with Last-Event-ID\n\n").unwrap();
        assert_eq!((frames.next_frame(), frames.cut_off()), (None, Some("cut off, too slow")));
    }

    #[test]
    fn a_frame_without_an_end_is_given_up() {
        let mut frames = Frames::default();
        let piece = [b'x'; 1 << 16];
        let pieces = (0..100).take_while(|_| frames.push(&piece).is_ok()).count();
        assert_eq!(pieces * piece.len(), FRAME_BYTES_MAX);
    }
}
