//! What applications keep at a provider: files, uploads and batches, and responses with their items. Their ids are sealed in what the provider answers,
//! so that each application reaches its own things alone, and opened in what callers send.

mod answered;
mod id;
mod unseal;

pub use self::answered::{Answered, Seal, seal_answer};
pub use self::id::{Held, MARK, MAX_ID, is_sealed, open, seal};
pub use self::unseal::{Open, Unsealer, candidates};

#[cfg(test)]
mod tests;
