//! Killing the process loses and doubles nothing: every answer that a caller received whole has exactly
//! one ledger row.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use weir_harness::chat::Caller;
use weir_harness::provider::Vendor;

use crate::stand::{DIALECTS, Stand, request, route_to, streamed};

/// How often the process is killed.
const KILLS: usize = 20;
/// Callers at once.
const CALLERS: usize = 12;

/// Asks until told to stop; the ids of the answers that came whole.
pub(crate) async fn load(
    caller: Caller,
    number: usize,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut whole = Vec::new();
    let mut n = number;
    while !stop.load(Ordering::SeqCst) {
        n += 1;
        let (dialect, provider) = (DIALECTS[n % 2], DIALECTS[(n / 2) % 2]);
        let fields = if (n / 4).is_multiple_of(2) { json!({}) } else { streamed(dialect) };
        let Ok(answer) = caller.ask(dialect, &request(dialect, route_to(provider), &fields)).await else { continue };
        if answer.heard(dialect).is_ok()
            && let Some(id) = answer.header("x-weir-request-id")
        {
            answered.fetch_add(1, Ordering::SeqCst);
            whole.push(id.to_owned());
        }
    }
    whole
}

/// Each answer that came whole has one row, and no row is there twice.
pub(crate) fn assert_one_row_each(rows: &[serde_json::Value], whole: &[String]) {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        *count.entry(row["id"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let lost: Vec<_> = whole.iter().filter(|id| !count.contains_key(id.as_str())).collect();
    let doubled: Vec<_> = count.iter().filter(|(_, n)| **n > 1).collect();
    assert!(
        lost.is_empty() && doubled.is_empty(),
        "{} of {} lost: {lost:?}; doubled: {doubled:?}",
        lost.len(),
        whole.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_and_doubles_no_row() -> anyhow::Result<()> {
    let mut stand = Stand::start().await?;
    let mut whole = Vec::new();
    for round in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..CALLERS)
            .map(|n| tokio::spawn(load(stand.caller.clone(), n * 5 + round, Arc::clone(&stop), Arc::clone(&answered))))
            .collect();
        // Not always at the same moment of the shipper's rhythm.
        tokio::time::sleep(Duration::from_millis(50 + (round as u64 * 37) % 250)).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        while answered.load(Ordering::SeqCst) < 10 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stand.weir.kill().await?;
        stop.store(true, Ordering::SeqCst);
        for task in tasks {
            whole.extend(task.await?);
        }
        stand.restart().await?;
    }
    assert!(whole.len() >= KILLS * 10, "only {} whole answers: the load was no load", whole.len());
    let last = stand.ask(Vendor::Openai, Vendor::Openai, &json!({})).await?;
    whole.push(last.header("x-weir-request-id").unwrap_or_default().to_owned());
    let rows = settled_rows(&stand, whole.len()).await?;
    assert_one_row_each(&rows, &whole);
    let sums = stand.weir.admin()?.get("/usage?group_by=application").await?;
    assert_eq!(sums["total"]["requests"].as_u64(), Some(rows.len() as u64), "the sums count what the rows are: {sums}");
    Ok(())
}

/// All rows, once their number stands still.
async fn settled_rows(stand: &Stand, least: usize) -> anyhow::Result<Vec<serde_json::Value>> {
    let admin = stand.weir.admin()?;
    let mut rows = admin.requests(least).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let again = admin.all("/requests?limit=200").await?;
        if again.len() == rows.len() {
            return Ok(again);
        }
        rows = again;
    }
}
