//! What the secret of a provider's key is: text for a header, or what tokens and signatures are made of.

use crate::aws::AccessKey;
use crate::secret::Secret;
use crate::spec::Protocol;

/// The secret of one key of a provider, taken apart when the configuration is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySecret {
    /// Text that stands in a header of each request.
    Header(Secret),
    /// An access key of AWS, which signs each request.
    Access(AccessKey),
}

impl KeySecret {
    /// Reads the secret of a key of a provider that speaks `protocol`.
    ///
    /// # Errors
    /// A sentence, free of the secret, that says what is wrong with it.
    pub fn read(protocol: Protocol, secret: Secret) -> Result<Self, String> {
        match protocol {
            Protocol::Openai
            | Protocol::Anthropic
            | Protocol::Gemini
            | Protocol::Cohere
            | Protocol::Ollama
            | Protocol::Demo => Self::header(secret),
            Protocol::Bedrock => match AccessKey::read(&secret)? {
                Some(key) => Ok(Self::Access(key)),
                None => Self::header(secret),
            },
        }
    }

    /// A secret that goes into a header.
    fn header(secret: Secret) -> Result<Self, String> {
        match is_header_value(secret.expose()) {
            true => Ok(Self::Header(secret)),
            false => Err("holds characters that cannot stand in a header, such as a line break".to_owned()),
        }
    }
}

/// Whether text can be the value of a header (RFC 9110 section 5.5).
pub(crate) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}
