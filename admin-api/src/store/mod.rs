//! The store: the only place with SQL, one text for SQLite and PostgreSQL.
//!
//! Functions here insert, change and read rows as they are told; rules live in `app`. Each function
//! that changes takes a [`Tx`], so that a change, its history and its audit row commit together.

mod audit;
mod bodies;
mod db;
mod histogram;
mod history;
mod idempotency;
mod ledger;
mod meta;
mod migrate;
mod overview;
mod request;
mod resource;
mod revision;
mod rollup;
mod session;
mod sql;
mod token;
mod tokens;
mod usage;
mod user;

pub(crate) use self::audit::{AuditFilter, AuditRow, NewAudit};
pub(crate) use self::db::{Db, StoreError, Tx};
pub(crate) use self::history::HistoryRow;
pub(crate) use self::request::{ANY_STATUS, AttemptRow, RequestFilter, RequestRow, UsageColumns};
pub(crate) use self::resource::{ListFilter, ResourceRow};
pub(crate) use self::rollup::{hour_of, next_hour};
pub(crate) use self::session::SessionRow;
pub(crate) use self::token::TokenRow;
pub(crate) use self::usage::{Dimension, LatencyRow, UsageQuery, UsageRow};
pub(crate) use self::user::UserRow;
