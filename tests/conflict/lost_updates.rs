//! P15, P16: many clients read, change and write the same document over four nodes, and no change is lost: not where
//! nodes are killed, and not where they stand still for longer than their lease.
//!
//! The upstream knows nothing of entity tags. It counts every write that was made from another revision than the one it
//! replaced; the same clients through a route without policy show what is lost without Weir.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use weir_harness::document::Manner;

use crate::call::Case;
use crate::stand::{Group, SHARED, Stand, Store, wanted};

static FOUR: Group = Group::new(policies, SHARED, NODES);

const NODES: usize = 4;
const CLIENTS: usize = 8;
/// Changes of each client.
const EACH: usize = 40;
/// How long a node holds a document at most.
const LEASE: Duration = Duration::from_secs(3);

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        (
            "guarded",
            json!({
                "validators": {},
                "preconditions": {"require": {"methods": ["PUT"], "any_of": ["if-match"]}, "evaluate": "gateway"},
                "lost_update": {"authority": "upstream", "lease": "3s", "max_wait": "5s"},
            }),
        ),
        ("plain", json!("off")),
    ]
}

/// What the clients came to together.
#[derive(Default)]
struct Score {
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    broken: AtomicUsize,
    /// When the last write was acknowledged, and the longest time between two.
    last: std::sync::Mutex<Option<(Instant, Duration)>>,
}

impl Score {
    fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap();
        let now = Instant::now();
        let longest = last.map_or(Duration::ZERO, |(before, longest)| longest.max(now - before));
        *last = Some((now, longest));
    }

    fn longest_pause(&self) -> Duration {
        self.last.lock().unwrap().map_or(Duration::ZERO, |(_, longest)| longest)
    }
}

/// Reads, adds one, writes upon what was read; as often as told, and until `over`.
async fn client(case: Case, number: usize, score: Arc<Score>, over: Arc<AtomicBool>) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(150);
    let (mut done, mut turn) = (0, number);
    while done < EACH || !over.load(Ordering::SeqCst) {
        ensure!(Instant::now() < deadline, "client {number} made {done} of {EACH} changes in time");
        turn += 1;
        let Ok(read) = case.get().at(turn % NODES).patience(Duration::from_secs(12)).send().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        if read.status != 200 {
            continue;
        }
        let document = read.json();
        let counter = document["counter"].as_u64().context("no counter")?;
        let body = json!({"counter": counter + 1, "base": document["revision"], "by": number});
        let mut write = case.put(&body).at((turn + 1) % NODES).patience(Duration::from_secs(12));
        if let Some(tag) = read.header("etag") {
            write = write.header("if-match", tag);
        }
        match write.send().await {
            Ok(reply) if reply.status == 204 => {
                done += 1;
                score.acknowledge();
            }
            Ok(reply) => {
                ensure!([409, 412, 502, 503, 504].contains(&reply.status), "{reply:?}");
                score.refused.fetch_add(1, Ordering::SeqCst);
            }
            // Whether it was made is not known: the next reading shows it.
            Err(_) => {
                score.broken.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    Ok(())
}

/// All clients against a document behind a policy, while `trouble` lasts.
async fn run(
    stand: &Arc<Stand>,
    store: Store,
    policy: &str,
    manner: Manner,
    trouble: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<(Case, Arc<Score>)> {
    let case = Case::new(stand, store, policy);
    case.u.set_json(&json!({"counter": 0, "revision": 1}));
    case.u.behave(manner);
    let (score, over) = (Arc::new(Score::default()), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> =
        (0..CLIENTS).map(|n| tokio::spawn(client(case.apart(), n, Arc::clone(&score), Arc::clone(&over)))).collect();
    let troubled = trouble.await;
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.await??;
    }
    troubled?;
    Ok((case, score))
}

/// Nothing was overwritten unread, and the counter counts each write that was made.
fn assert_nothing_is_lost(what: &str, case: &Case, score: &Score) -> anyhow::Result<()> {
    let counter = case.u.json().and_then(|d| d["counter"].as_u64()).context("no counter")?;
    let (lost, made) = (case.u.lost(), case.u.applied());
    let acknowledged = score.acknowledged.load(Ordering::SeqCst);
    report(what, case, score);
    ensure!(lost == 0 && counter == made as u64, "{what}: {lost} lost; the counter is {counter} after {made} writes");
    ensure!(acknowledged >= CLIENTS * EACH && made >= acknowledged, "{made} made, {acknowledged} acknowledged");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the figures are what the test is for")]
fn report(what: &str, case: &Case, score: &Score) {
    eprintln!(
        "{what} ({}): {} lost of {} writes; {} acknowledged, {} refused and tried again, {} broken off; the longest \
         pause {:?}",
        case.store.id(),
        case.u.lost(),
        case.u.applied(),
        score.acknowledged.load(Ordering::SeqCst),
        score.refused.load(Ordering::SeqCst),
        score.broken.load(Ordering::SeqCst),
        score.longest_pause(),
    );
}

fn stamped() -> Manner {
    Manner { stamp: true, ..Manner::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p15_no_update_is_lost_over_four_nodes() -> anyhow::Result<()> {
    let Some(first) = wanted(SHARED).first().copied() else { return Ok(()) };
    let stand = FOUR.stand().await?;
    let (case, score) = run(&stand, first, "plain", stamped(), async { Ok(()) }).await?;
    report("without a policy", &case, &score);
    ensure!(case.u.lost() > 0, "the clients did not clash: nothing was shown");
    for store in wanted(SHARED) {
        let (case, score) = run(&stand, store, "guarded", stamped(), async { Ok(()) }).await?;
        assert_nothing_is_lost("with Weir", &case, &score)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p16_no_update_is_lost_where_nodes_are_killed() -> anyhow::Result<()> {
    if wanted(SHARED).is_empty() {
        return Ok(());
    }
    let stand = Arc::new(FOUR.fresh().await?);
    for store in wanted(SHARED) {
        let killing = async {
            for round in 0..5 {
                tokio::time::sleep(Duration::from_millis(300 + round * 137)).await;
                let node = usize::try_from(round)? % NODES;
                stand.kill(node).await?;
                stand.restart(node).await?;
            }
            Ok(())
        };
        let (case, score) = run(&stand, store, "guarded", stamped(), killing).await?;
        assert_nothing_is_lost("five nodes killed", &case, &score)?;
        // A second more than the lease, and what a start of a node takes from the others on a small machine.
        let most = LEASE + Duration::from_secs(3);
        ensure!(score.longest_pause() < most, "a document was stuck for {:?}", score.longest_pause());
    }
    Ok(())
}

/// A node that goes on after its lease has ended notices before it forwards, but for the moment between its last look and
/// the first byte: that one only the upstream can close, by comparing fences, as this one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p16_no_update_is_lost_where_nodes_stand_still() -> anyhow::Result<()> {
    if wanted(SHARED).is_empty() {
        return Ok(());
    }
    let stand = Arc::new(FOUR.fresh().await?);
    for store in wanted(SHARED) {
        let stalling = async {
            for node in 0..3 {
                tokio::time::sleep(Duration::from_millis(411)).await;
                stand.signal(node, "STOP").await?;
                tokio::time::sleep(LEASE + Duration::from_millis(1_200)).await;
                stand.signal(node, "CONT").await?;
            }
            Ok(())
        };
        let manner = Manner { fenced: true, ..stamped() };
        let (case, score) = run(&stand, store, "guarded", manner, stalling).await?;
        assert_nothing_is_lost("nodes that stand still for longer than the lease", &case, &score)?;
    }
    Ok(())
}
