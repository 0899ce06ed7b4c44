//! What every store must do, run on each of them through two handles, as two nodes would have.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use weir_domain::spec::{LockMode, OnLost};

use super::*;
use crate::resource::Names;

mod idempotency;
mod leases;
mod listing;
mod permits;
mod versions;

pub(super) use self::idempotency::*;
pub(super) use self::leases::*;
pub(super) use self::listing::*;
pub(super) use self::permits::*;
pub(super) use self::versions::*;

/// Two nodes on one store.
pub(super) struct Two {
    pub(super) a: Arc<dyn Store>,
    pub(super) b: Arc<dyn Store>,
    /// Names that no other test has.
    pub(super) names: Arc<Names>,
}

/// Each case as a test of its own, on what `$make` gives.
macro_rules! suite {
    ($make:expr) => {
        $crate::store::suite::suite!($make;
            one_holder_at_a_time,
            shared_goes_with_shared_alone,
            what_runs_out_is_free,
            fences_rise_strictly,
            leases_and_locks_do_not_see_each_other,
            a_broken_lock_is_gone,
            a_write_is_begun_and_ended,
            a_writer_that_dies_leaves_the_version_dirty,
            a_late_end_of_a_write_does_not_count,
            a_reader_that_is_late_teaches_nothing,
            a_version_has_several_tags_but_not_any_number,
            a_key_is_executed_once,
            a_key_that_was_released_or_ran_out_is_executed,
            a_lost_request_is_told_or_tried_again,
            a_slow_owner_does_not_overwrite_the_next,
            a_fingerprint_may_come_at_the_end,
            an_answer_comes_back_as_it_was,
            many_begin_and_one_executes,
            permits_are_exact,
            permits_that_leak_come_back,
            permits_are_kept,
            pages_have_everything_once,
            a_purged_key_is_executed,
            nodes_are_counted,
        );
    };
    ($make:expr; $($case:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::store::suite::$case(&$make.await).await;
        }
    )+};
}
pub(super) use suite;

impl Two {
    pub(super) fn key(&self, name: &str) -> ResourceKey {
        self.names.key(self.names.team("one"), &[name])
    }

    /// Handles in turn.
    fn node(&self, turn: usize) -> Arc<dyn Store> {
        Arc::clone(if turn.is_multiple_of(2) { &self.a } else { &self.b })
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const LONG: Duration = Duration::from_secs(30);

fn holder(owner: &str) -> Holder {
    Holder { owner: owner.into(), team: "one".into(), label: "orders/42".into(), note: "n|o,t\u{e9}\0".into() }
}

/// Asks for a holding; what is left out is said with `..`.
fn lease<'a>(token: &'a str, holder: &'a Holder) -> LeaseAsk<'a> {
    LeaseAsk { space: Space::Write, mode: LockMode::Exclusive, token, holder, ttl: LONG, track_version: false }
}

#[track_caller]
fn granted(acquire: Result<Acquire, StoreError>) -> Grant {
    match acquire {
        Ok(Acquire::Granted(grant)) => grant,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn held(acquire: Result<Acquire, StoreError>) -> LeaseView {
    match acquire {
        Ok(Acquire::Held(view)) => view,
        other => panic!("{other:?}"),
    }
}
