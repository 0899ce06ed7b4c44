//! Databases for tests: every test of the store runs on both, each on a database of its own.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use weir_harness::postgres::Postgres;

/// The one PostgreSQL of this test run, for as long as a test uses it.
static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// Where a control plane keeps its data.
#[derive(Clone, Debug)]
pub(super) struct Database {
    /// `None` for the SQLite file of the data directory.
    pub(super) url: Option<String>,
    _server: Option<Arc<Postgres>>,
}

fn postgres() -> Option<Arc<Postgres>> {
    let mut shared = SHARED.lock();
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    let started = Arc::new(Postgres::start().expect("a private PostgreSQL starts")?);
    *shared = Arc::downgrade(&started);
    Some(started)
}

/// A SQLite file.
pub(super) fn sqlite() -> Database {
    Database { url: None, _server: None }
}

/// The database that another process named.
pub(super) fn at(url: Option<String>) -> Database {
    Database { url, _server: None }
}

/// Both databases; only SQLite, and a line that says so, where PostgreSQL is not installed.
pub(super) async fn both() -> Vec<Database> {
    let pg = tokio::task::spawn_blocking(|| {
        let server = postgres()?;
        let url = server.database().expect("a database can be made");
        Some(Database { url: Some(url), _server: Some(server) })
    });
    let pg = pg.await.expect("the fixture does not panic");
    if pg.is_none() {
        eprintln!("PostgreSQL is not installed: this test ran on SQLite only");
    }
    std::iter::once(sqlite()).chain(pg).collect()
}
