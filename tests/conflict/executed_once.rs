//! The same keys over and over at two nodes of which one is killed each second: the upstream carries each out at most
//! once, and every client gets one definite answer.
//!
//! 10,000 requests with 1,000 keys with `WEIR_CONFLICT_FULL=1`; by default 3,000 with 300, which is as hard on each key.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use weir_harness::document::Manner;

use crate::call::Case;
use crate::exact_limits::is_full;
use crate::stand::{Group, SHARED, Stand, wanted};

static TWO: Group = Group::new(policies, SHARED, 2);

const CLIENTS: usize = 24;
/// Requests of each key.
const TIMES: usize = 10;

fn policies() -> Vec<(&'static str, Value)> {
    vec![("keys", json!({"idempotency": {"required": true, "lease": "3s"}}))]
}

/// What a client was told in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Definite {
    /// It was carried out, and this is the answer.
    Done(String),
    /// Nobody knows whether it was.
    Unknown,
}

/// Sends until there is an answer that will stay the answer.
async fn ask(case: &Case, number: usize, keys: usize) -> anyhow::Result<Definite> {
    let key = format!("key-{}", number % keys);
    let body = json!({"key": key});
    let begun = Instant::now();
    for turn in number.. {
        ensure!(begun.elapsed() < Duration::from_secs(60), "{key}: no definite answer within 60 s");
        let call = case.post(&body).header("idempotency-key", &key).at(turn % 2).patience(Duration::from_secs(10));
        let Ok(reply) = call.send().await else {
            tokio::time::sleep(Duration::from_millis(30)).await;
            continue;
        };
        let kind = reply.json()["type"].as_str().unwrap_or_default().to_owned();
        match reply.status {
            201 => return Ok(Definite::Done(reply.text())),
            409 if kind.ends_with("/idempotency-outcome-unknown") => return Ok(Definite::Unknown),
            409 if kind.ends_with("/idempotency-in-progress") => {}
            // Whoever waits for it finds out: the upstream's connection broke, or the node was not ready.
            502..=504 => {}
            _ => anyhow::bail!("{key}: {reply:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("there are no more numbers")
}

/// Kills one node after the other, each second, until it is over; how often.
async fn kill_each_second(stand: Arc<Stand>, over: Arc<AtomicBool>) -> anyhow::Result<usize> {
    let mut kills = 0;
    while !over.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stand.kill(kills % 2).await?;
        stand.restart(kills % 2).await?;
        kills += 1;
    }
    Ok(kills)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_carried_out_at_most_once_while_nodes_are_killed() -> anyhow::Result<()> {
    let keys = if is_full() { 1_000 } else { 300 };
    if wanted(SHARED).is_empty() {
        return Ok(());
    }
    let stand = Arc::new(TWO.fresh().await?);
    for store in wanted(SHARED) {
        let case = Case::new(&stand, store, "keys");
        case.u.behave(Manner::slow(Duration::from_millis(5)));
        let (next, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (case, next) = (case.apart(), Arc::clone(&next));
                tokio::spawn(async move {
                    let mut answers = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        if number >= keys * TIMES {
                            return anyhow::Ok(answers);
                        }
                        answers.push((number % keys, ask(&case, number, keys).await?));
                    }
                })
            })
            .collect();
        let killing = tokio::spawn(kill_each_second(Arc::clone(&stand), Arc::clone(&over)));
        let mut answers: HashMap<usize, Vec<Definite>> = HashMap::new();
        for client in clients {
            for (key, answer) in client.await?.context("a client")? {
                answers.entry(key).or_default().push(answer);
            }
        }
        over.store(true, Ordering::SeqCst);
        let kills = killing.await??;
        let executions = case.u.executions();
        let twice: Vec<_> = executions.iter().filter(|(_, n)| **n > 1).collect();
        let unknown = answers.values().filter(|all| all.contains(&Definite::Unknown)).count();
        eprintln!(
            "{}: {} requests with {keys} keys, {kills} kills: {} keys carried out once, {} more than once, {unknown} \
             whose outcome is not known",
            store.id(),
            answers.values().map(Vec::len).sum::<usize>(),
            executions.len() - twice.len(),
            twice.len(),
        );
        ensure!(twice.is_empty(), "carried out more than once: {twice:?}");
        ensure!(kills >= 2, "{kills} kills are no trouble");
        for (key, all) in &answers {
            assert_eq!(all.len(), TIMES, "key {key}");
            ensure!(all.iter().all(|answer| *answer == all[0]), "key {key} was told different things: {all:?}");
            if all[0] != Definite::Unknown {
                assert_eq!(executions.get(&format!("key-{key}")), Some(&1), "key {key} was told that it is done");
            }
        }
        assert_eq!(answers.len(), keys);
    }
    Ok(())
}
