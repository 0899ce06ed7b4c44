//! Frames that the gateway itself sends: to a provider as a client, whose mask nobody must be able to foretell (RFC 6455
//! section 10.3), and to a caller as a server.

use weir_llm::websocket::{self, Mask, Sender, TEXT, frame};

fn mask(sender: Sender) -> Mask {
    (sender == Sender::Client).then(rand::random)
}

/// A message of text to a provider.
pub(super) fn text(message: &str) -> Vec<u8> {
    frame(mask(Sender::Client), TEXT, message.as_bytes())
}

/// The wish to end.
pub(super) fn close(sender: Sender, code: u16, reason: &str) -> Vec<u8> {
    websocket::close(mask(sender), code, reason)
}
