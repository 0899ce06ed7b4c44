//! What the steps of conflict policies take, each for itself and without a server: nanoseconds an operation.

use std::fmt::Write as _;
use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use weir_conflict::coalesce::{Flights, Head, Role};
use weir_conflict::limit::{LimitKey, LimitSettings, Limits, Permit};
use weir_conflict::queue::Turns;
use weir_conflict::resource::Names;
use weir_conflict::store::{Begun, IdemAsk, IdemEnd, MemoryStore, Store as _, StoredAnswer};
use weir_conflict::validator::{Content, Mode, mint};
use weir_domain::snapshot::Bound;
use weir_domain::spec::{Coalesce, OnLost, Serialise};

/// Keys at which requests are under way.
const LIVE: usize = 1_000_000;
const ROUNDS: usize = 5;
const SALT: [u8; 16] = [7; 16];

/// A step, what it took in the median round, and what it may take; both in nanoseconds.
struct Row(&'static str, f64, Option<u32>);

/// Measures, and gives the table in Markdown.
///
/// # Errors
/// A step did not do what it is measured for.
pub(crate) fn run() -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut rows = tags()?;
    rows.extend(runtime.block_on(limits())?);
    rows.extend(runtime.block_on(shared())?);
    rows.extend(runtime.block_on(keys())?);
    let mut table = "| step | ns an operation | may take |\n|---|---:|---:|\n".to_owned();
    for Row(step, took, goal) in rows {
        let goal = goal.map_or_else(String::new, |goal| format!("≤ {goal}"));
        writeln!(table, "| {step} | {took:.0} | {goal} |")?;
    }
    Ok(table)
}

/// The median round's time for one of `count` operations.
async fn timed<F: Future<Output = anyhow::Result<()>>>(
    count: usize,
    mut operation: impl FnMut(usize) -> F,
) -> anyhow::Result<f64> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let began = Instant::now();
        for number in 0..count {
            operation(round * count + number).await?;
        }
        rounds.push(per_operation(began.elapsed(), count));
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}

fn per_operation(took: Duration, count: usize) -> f64 {
    took.as_secs_f64() * 1e9 / count as f64
}

fn tags() -> anyhow::Result<Vec<Row>> {
    let record = r#"{"id":4711,"name":"Ada Lovelace","tags":["a","b"],"at":"2026-01-01T00:00:00Z","total":12.5},"#;
    let body = format!("[{}]", record.repeat(4_096 / record.len()).trim_end_matches(','));
    let content = Content { content_type: b"application/json", ..Content::default() };
    let mut rows = Vec::new();
    for (step, mode, body) in [
        ("entity tag of the bytes, 4 KiB", Mode::Bytes, vec![b'x'; 4_096]),
        ("entity tag of the bytes, 1 MiB", Mode::Bytes, vec![b'x'; 1 << 20]),
        ("canonical JSON and its tag, 4 KiB", Mode::Canonical, body.into_bytes()),
    ] {
        let goal = (body.len() <= 4_096 && matches!(mode, Mode::Bytes)).then_some(10_000);
        let count = (200 << 20) / ((64 << 10) + body.len() * 8);
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            for _ in 0..count {
                black_box(mint(mode, &SALT, &content, black_box(&body))).context("the body has a tag")?;
            }
            rounds.push(per_operation(began.elapsed(), count));
        }
        rounds.sort_by(f64::total_cmp);
        rows.push(Row(step, rounds[ROUNDS / 2], goal));
    }
    Ok(rows)
}

async fn permit(limits: &Limits, value: &str) -> anyhow::Result<Permit> {
    let settings =
        LimitSettings { route: "bench", name: "limit", bound: Bound::Fixed(64), queue: None, priorities: &[] };
    let key = LimitKey::new("bench", "limit", value);
    Ok(limits.enter(&key, &settings, None).await?)
}

async fn limits() -> anyhow::Result<Vec<Row>> {
    let limits = Limits::new();
    let once = async |value: String| permit(&limits, &value).await.map(drop);
    let alone = timed(200_000, |number| once((number % 100).to_string())).await?;
    let mut held = Vec::with_capacity(LIVE);
    for number in 0..LIVE {
        held.push(permit(&limits, &number.to_string()).await?);
    }
    ensure!(limits.len() == LIVE, "{} keys are live", limits.len());
    // A step that has no common factor with the number of keys: no two in a row are neighbours.
    let live = timed(200_000, |number| once((number * 7_919 % LIVE).to_string())).await?;
    let new = timed(200_000, |number| once(format!("new {number}"))).await?;
    let began = Instant::now();
    let threads = [(); 2].map(|()| {
        let limits = limits.clone();
        tokio::spawn(async move {
            for _ in 0..500_000 {
                drop(permit(&limits, "hot").await?);
            }
            anyhow::Ok(())
        })
    });
    for thread in threads {
        thread.await??;
    }
    let hot = per_operation(began.elapsed(), 1_000_000);
    drop(held);
    ensure!(limits.is_empty(), "{} keys are left", limits.len());
    Ok(vec![
        Row("permit taken and given back, nothing else under way", alone, Some(1_000)),
        Row("the same at 1,000,000 live keys, at one of them", live, Some(1_000)),
        Row("the same at 1,000,000 live keys, at a new one", new, Some(1_000)),
        Row("the same, two threads at one key, each", hot * 2.0, None),
    ])
}

async fn shared() -> anyhow::Result<Vec<Row>> {
    let (turns, serialise) = (Turns::new(), Serialise::default());
    let once = async |number: usize| {
        drop(turns.turn(&hashed(number), "consumer", &serialise).await?);
        Ok(())
    };
    let turn = timed(200_000, once).await?;
    let (flights, coalesce) = (Flights::new(), Coalesce::default());
    let fly = async |number: usize| {
        let Role::Lead(leader) = flights.join(&hashed(number), &coalesce) else { anyhow::bail!("it leads") };
        let (publisher, mut reader) = leader.split();
        let mut body = publisher.head(Head { status: http::StatusCode::OK, headers: http::HeaderMap::new() })?;
        body.piece(Bytes::from_static(b"an answer")).await?;
        body.end();
        while let Some(piece) = reader.next().await? {
            black_box(piece);
        }
        Ok(())
    };
    let flight = timed(100_000, fly).await?;
    Ok(vec![
        Row("turn at a resource, taken and given back", turn, None),
        Row("shared call: led, published and read alone", flight, None),
    ])
}

fn hashed(number: usize) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&number.to_le_bytes());
    key[31] = number.to_le_bytes()[0];
    key
}

async fn keys() -> anyhow::Result<Vec<Row>> {
    let (store, names) = (MemoryStore::new(), Names::new(&[1; 32]));
    let team = names.team("team");
    let answer = Arc::new(StoredAnswer { status: 201, body: Bytes::from_static(b"{}"), ..StoredAnswer::default() });
    let (lease, ttl) = (Duration::from_secs(60), Duration::from_secs(3_600));
    let once = async |number: usize| {
        let key = names.key(team, &["idempotency", &number.to_string()]);
        let ask = IdemAsk {
            fingerprint: Some([1; 32]),
            owner: "request",
            lease,
            ttl,
            on_lost: OnLost::Unknown,
            label: "key",
        };
        let Begun::New { epoch } = store.begin(&key, &ask).await? else { anyhow::bail!("the key is new") };
        ensure!(store.end(&key, "request", epoch, &IdemEnd::Done(Arc::clone(&answer)), ttl).await?);
        Ok(())
    };
    let took = timed(10_000, once).await?;
    Ok(vec![Row("idempotency key begun and ended in memory", took, Some(10_000))])
}
