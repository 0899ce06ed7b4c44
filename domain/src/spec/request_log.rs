//! What a team lets the request log keep of bodies: nothing, unless it says so here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Keeps what applications of the team send and get, as it came and as it was translated, to be read in the request log
/// by people who may. What is redacted is taken out before anything is written.
///
/// Model calls only. Keys of providers and of Weir are always taken out, media in base64 always become a digest and a
/// size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestLog {
    /// Of which requests bodies are kept.
    pub bodies: KeptBodies,
    /// Of how many of these, in percent (1 to 100).
    pub sample_percent: u32,
    /// How much of each of the four bodies is kept, in bytes (1,024 to 262,144). What is longer ends there, and says so.
    pub max_bytes: usize,
    /// After how many days they are deleted (1 to 90); never later than the request itself.
    pub retention_days: u32,
    /// How much the team's bodies may take together, in bytes (1,048,576 to 107,374,182,400). Beyond it the oldest go.
    pub max_total_bytes: u64,
    /// What is taken out before anything is written.
    pub redact: Redact,
}

/// Of which requests bodies are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeptBodies {
    /// Of none.
    #[default]
    Off,
    /// Of those that did not end well.
    Errors,
    /// Of all.
    All,
}

/// What is taken out of bodies. Each place of it becomes `[redacted:…]` with what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Redact {
    /// What Weir recognises by itself in any text. All of it, unless a list is given; `[]` for none.
    pub builtin: Vec<Builtin>,
    /// Names of JSON members whose values are taken out wherever they stand, in any case; also in JSON within a text, such
    /// as the arguments of a tool.
    pub members: Vec<String>,
    /// JSON pointers (RFC 6901) to values that are taken out, from the root of a body or of one event of a stream;
    /// `*` stands for any member or position: `/messages/*/name`.
    pub pointers: Vec<String>,
    /// Regular expressions (of Rust's crate `regex`) for what is taken out of any text.
    pub patterns: Vec<String>,
}

/// What Weir recognises by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Builtin {
    /// Addresses of electronic mail.
    Email,
    /// Numbers of payment cards, by their check digit.
    Card,
    /// Bank accounts (ISO 13616), by their length and check digits.
    Iban,
    /// Telephone numbers.
    Phone,
}

impl Builtin {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Email, Self::Card, Self::Iban, Self::Phone];
}

impl Default for RequestLog {
    fn default() -> Self {
        Self {
            bodies: KeptBodies::Off,
            sample_percent: 100,
            max_bytes: 64 * 1024,
            retention_days: 7,
            max_total_bytes: 256 << 20,
            redact: Redact::default(),
        }
    }
}

impl Default for Redact {
    fn default() -> Self {
        Self { builtin: Builtin::ALL.to_vec(), members: Vec::new(), pointers: Vec::new(), patterns: Vec::new() }
    }
}
