//! Watches the raw bytes of HTTP/1 request heads for what the parser forgives: bare line feeds, a request line with
//! spaces inside, and the size.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// A line of the head ended with a bare LF (RFC 9112 section 2.2 lets a server refuse it).
pub(crate) const BARE_LF: u8 = 1;
/// The request line is not `method SP target SP version`.
pub(crate) const REQUEST_LINE: u8 = 2;

/// The request target holds a fragment, which the parser would drop in silence.
pub(crate) const FRAGMENT: u8 = 4;

/// What a connection's stream tells the steps about the head under way.
#[derive(Default)]
pub(crate) struct HeadReport {
    expecting: AtomicBool,
    admitted: AtomicBool,
    faults: AtomicU8,
    bytes: AtomicU32,
}

impl HeadReport {
    /// The next bytes that arrive are a head.
    pub(crate) fn expect(&self) {
        self.faults.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.admitted.store(false, Ordering::Relaxed);
        self.expecting.store(true, Ordering::Release);
    }

    pub(crate) fn is_expected(&self) -> bool {
        self.expecting.load(Ordering::Acquire)
    }

    /// The head has become a request that the steps see: whatever is written from here on is their answer.
    pub(crate) fn admit(&self) {
        self.admitted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_admitted(&self) -> bool {
        self.admitted.load(Ordering::Relaxed)
    }

    /// What was wrong with the head: [`BARE_LF`], [`REQUEST_LINE`], [`FRAGMENT`].
    pub(crate) fn faults(&self) -> u8 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Its size so far.
    pub(crate) fn bytes(&self) -> u32 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Finds the end of one head, however the bytes are cut.
#[derive(Debug, Default)]
pub(crate) struct HeadScan {
    request_line_seen: bool,
    spaces: u32,
    line_bytes: usize,
    last: u8,
    bytes: u32,
    faults: u8,
}

impl HeadScan {
    /// Takes the next bytes; true when they hold the blank line that ends the head.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let before = if at > 0 { rest[at - 1] } else { self.last };
            self.line(&rest[..at]);
            self.bytes = self.bytes.saturating_add(1);
            self.last = b'\n';
            rest = &rest[at + 1..];
            let ended_by_cr = before == b'\r' && self.line_bytes > 0;
            if !ended_by_cr {
                self.faults |= BARE_LF;
            }
            let empty = self.line_bytes == usize::from(ended_by_cr);
            self.line_bytes = 0;
            // One empty line before the request line is forgiven (RFC 9112 section 2.2).
            if empty && self.request_line_seen {
                return true;
            }
            if !empty && !self.request_line_seen {
                self.request_line_seen = true;
                if self.spaces != 2 {
                    self.faults |= REQUEST_LINE;
                }
            }
        }
        self.line(rest);
        false
    }

    fn line(&mut self, part: &[u8]) {
        self.line_bytes += part.len();
        self.bytes = self.bytes.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
        if let Some(&last) = part.last() {
            self.last = last;
        }
        if !self.request_line_seen {
            let spaces = memchr::memchr_iter(b' ', part).count();
            self.spaces = self.spaces.saturating_add(u32::try_from(spaces).unwrap_or(u32::MAX));
            if memchr::memchr(b'#', part).is_some() {
                self.faults |= FRAGMENT;
            }
        }
    }

    /// Size so far.
    pub(crate) fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Tells the steps; `ended` when the head is whole.
    pub(crate) fn report(&self, to: &HeadReport, ended: bool) {
        to.faults.store(self.faults, Ordering::Relaxed);
        to.bytes.store(self.bytes, Ordering::Relaxed);
        if ended {
            to.expecting.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(head: &[u8], cut: usize) -> (bool, u8, u32) {
        let mut scan = HeadScan::default();
        let mut ended = false;
        for part in head.chunks(cut) {
            assert!(!ended, "ended before the last part");
            ended = scan.feed(part);
        }
        (ended, scan.faults, scan.bytes)
    }

    #[test]
    fn faults_and_end_are_found_however_the_bytes_are_cut() {
        for (head, faults) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", BARE_LF),
            ("GET / HTTP/1.1\r\nHost: a\n\n", BARE_LF),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", BARE_LF),
            ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST_LINE),
            ("GET /\r\n\r\n", REQUEST_LINE),
            ("GET /a#b HTTP/1.1\r\nX: #\r\n\r\n", FRAGMENT),
        ] {
            for cut in 1..=head.len() {
                let (ended, found, bytes) = scan(head.as_bytes(), cut);
                assert!(ended, "{head:?} cut at {cut}");
                assert_eq!(found, faults, "{head:?} cut at {cut}");
                assert_eq!(bytes as usize, head.len());
            }
        }
    }

    #[test]
    fn an_unfinished_head_does_not_end() {
        assert!(!scan(b"GET / HTTP/1.1\r\nHost: a\r\n", 3).0);
        assert!(!scan(b"GET / HTTP/1.1\r\n\r", 5).0);
    }
}
