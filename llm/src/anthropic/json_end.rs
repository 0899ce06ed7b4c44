//! Tells when a JSON object that comes in pieces is whole, without keeping it.

/// The state of a scan over pieces.
#[derive(Debug, Default)]
pub(crate) struct JsonEnd {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl JsonEnd {
    /// Scans the next piece.
    pub(crate) fn take(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.depth += 1;
                    self.begun = true;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Whether the object has ended.
    pub(crate) fn is_whole(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_seen_exactly_at_the_last_brace() {
        let json = r#" {"a":"}\"]{","b":[{"c":"\\"}]}"#;
        let mut scan = JsonEnd::default();
        for (at, piece) in json.char_indices() {
            assert!(!scan.is_whole(), "at {at}");
            scan.take(&piece.to_string());
        }
        assert!(scan.is_whole());
    }
}
