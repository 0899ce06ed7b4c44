//! The control plane: admin API, resource store, usage reports and the portal's assets.
//!
//! Three layers, imported one way: `http` (thin handlers) → `app` (rules) → `store` (the only place
//! with SQL). The data plane is met only through the traits of [`weir_domain::ports`].

mod app;
mod crypto;
mod error;
mod http;
mod plane;
mod settings;
mod store;

#[cfg(test)]
mod tests;

/// What plan and apply take and return, here and at `/config`.
pub mod config;

pub use self::plane::{ControlPlane, MadeKey, openapi};
pub use self::settings::{OpenError, References, Settings};
