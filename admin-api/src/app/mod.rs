//! The rules of the control plane, by noun. Handlers call in here; here calls the store.

pub(crate) mod actor;
pub(crate) mod audit;
pub(crate) mod bodies;
pub(crate) mod catalog;
pub(crate) mod change;
pub(crate) mod conflicts;
pub(crate) mod cursor;
pub(crate) mod diff;
pub(crate) mod document;
pub(crate) mod egress;
pub(crate) mod idempotency;
pub(crate) mod key;
pub(crate) mod ledger;
mod limits;
pub(crate) mod live;
pub(crate) mod model;
pub(crate) mod overview;
pub(crate) mod password;
pub(crate) mod permission;
pub(crate) mod playground;
pub(crate) mod probe;
mod references;
pub(crate) mod request;
pub(crate) mod resource;
mod retention;
mod route_document;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod start;
pub(crate) mod throttle;
pub(crate) mod token;
pub(crate) mod usage;
pub(crate) mod user;
pub(crate) mod vault;
pub(crate) mod version_tag;

use std::sync::Arc;

use parking_lot::Mutex;
use weir_domain::catalog::Catalog;

use crate::settings::Settings;
use crate::store::Db;

use self::live::Live;
use self::password::Passwords;
use self::throttle::Throttle;
use self::vault::Vault;

/// The system application whose short-lived keys the playground calls with.
pub(crate) const PLAYGROUND: &str = "playground";

/// Everything that the rules need, shared by all requests.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) db: Db,
    pub(crate) vault: Arc<Vault>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) live: Live,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    /// The set-up token while nobody has used it.
    pub(crate) setup_token: Mutex<Option<weir_domain::secret::Secret>>,
    /// The address that was bound, once it was.
    pub(crate) bound: Mutex<Option<std::net::SocketAddr>>,
    /// The playground's key where the data plane runs elsewhere.
    pub(crate) playground_key: playground::StoredKey,
    /// Reaches our own data plane; made when the playground is first used.
    pub(crate) http: std::sync::OnceLock<reqwest::Client>,
    pub(crate) started_at: weir_domain::time::Micros,
}
