//! Several nodes on one PostgreSQL are one gateway: a change at the control plane reaches each, usage of all is in one
//! ledger, and neither a database that goes away nor a node that is killed loses or doubles a row.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use weir_harness::admin::Admin;
use weir_harness::chat::{Answered, Caller};
use weir_harness::cluster::{Cluster, Node};
use weir_harness::config::{Config, Key};
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::responses::FakeResponses;

use crate::kill::{assert_one_row_each, load};
use crate::stand::{ANTHROPIC_KEY, BINARY, DIALECTS, OPENAI_KEY, request, route_to, usual};

/// What a change may take to reach every node.
const FOLLOW: Duration = Duration::from_secs(2);

/// A control plane and two nodes between callers and two fake vendors.
struct Nodes {
    cluster: Cluster,
    key: Key,
    _openai: FakeProvider,
    _anthropic: FakeProvider,
}

impl Nodes {
    /// `None` where PostgreSQL is not installed.
    async fn start() -> anyhow::Result<Option<Self>> {
        let openai = FakeProvider::start(Vendor::Openai, OPENAI_KEY).await?;
        let anthropic = FakeProvider::start(Vendor::Anthropic, ANTHROPIC_KEY).await?;
        let key = Key::new(61);
        let config = usual(&openai, &anthropic, &key);
        let Some(cluster) = start(&config.yaml()).await? else { return Ok(None) };
        Ok(Some(Self { cluster, key, _openai: openai, _anthropic: anthropic }))
    }

    async fn ask(&self, node: usize, key: &str, model: &str) -> anyhow::Result<Answered> {
        caller(&self.cluster.gateways[node], key)?
            .ask(Vendor::Openai, &request(Vendor::Openai, model, &json!({})))
            .await
    }

    /// Waits until each node answers as `wanted`; how long the slower one took, from `since` on.
    async fn until_both(
        &self,
        since: Instant,
        (key, model): (&str, &str),
        wanted: impl Fn(&Answered) -> bool,
    ) -> anyhow::Result<Duration> {
        for node in 0..2 {
            loop {
                let asked = Instant::now();
                let answer = self.ask(node, key, model).await?;
                if wanted(&answer) {
                    break;
                }
                ensure!(asked - since < FOLLOW, "node {node} after {:?}: {}", asked - since, answer.text());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(since.elapsed())
    }
}

/// A control plane and two nodes. `None`, and a line that says so, where PostgreSQL is not installed.
#[expect(clippy::print_stderr, reason = "a test that tested nothing must say so")]
async fn start(config: &str) -> anyhow::Result<Option<Cluster>> {
    let cluster = Cluster::start(BINARY, config, 2).await?;
    if cluster.is_none() {
        eprintln!("PostgreSQL is not installed: nothing was tested");
    }
    Ok(cluster)
}

fn caller(node: &Node, key: &str) -> anyhow::Result<Caller> {
    Ok(Caller::new(&node.url("gateway")?, key))
}

/// How often each request id has a row, once all of `ids` are there.
async fn rows_of(admin: &Admin, ids: &[String], within: Duration) -> anyhow::Result<Vec<Value>> {
    let deadline = Instant::now() + within;
    loop {
        let rows = admin.all("/requests?limit=200").await?;
        let missing = ids.iter().filter(|id| rows.iter().all(|row| row["id"] != id.as_str())).count();
        if missing == 0 {
            return Ok(rows);
        }
        ensure!(Instant::now() < deadline, "{missing} of {} rows are missing after {within:?}", ids.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn id(answer: &Answered) -> anyhow::Result<String> {
    Ok(answer.header("x-weir-request-id").context("no request id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_routes_reach_every_node_within_two_seconds() -> anyhow::Result<()> {
    let Some(nodes) = Nodes::start().await? else { return Ok(()) };
    let admin = nodes.cluster.admin()?;
    let made = admin.post("/applications/app/keys", &json!({"name": "for both"})).await?;
    let since = Instant::now();
    let key = made["key"].as_str().context("no key")?.to_owned();
    nodes.until_both(since, (&key, "on-openai"), |a| a.status == 200).await?;

    let targets = |provider: &str, model: &str| json!({"targets": [{"provider": provider, "model": model}]});
    let body = json!({"id": "moving", "spec": targets("oai", "gpt-4o")});
    let made = admin.send("POST", "/model-routes", &[], Some(&body)).await?;
    let since = Instant::now();
    let etag = made.etag.clone().context("no entity tag")?;
    made.ok()?;
    nodes.until_both(since, (&key, "moving"), |a| a.header("x-weir-provider") == Some("oai")).await?;
    let body = json!({"spec": targets("ant", "claude-sonnet-4-5")});
    admin.send("PUT", "/model-routes/moving", &[("if-match", &etag)], Some(&body)).await?.ok()?;
    let since = Instant::now();
    nodes.until_both(since, (&key, "moving"), |a| a.header("x-weir-provider") == Some("ant")).await?;

    admin.post(&format!("/api-keys/{}/revoke", &key[5..21]), &json!({})).await?;
    let since = Instant::now();
    nodes.until_both(since, (&key, "on-openai"), |a| a.status == 401).await?;
    for node in [0, 1, 0, 1] {
        assert_eq!(nodes.ask(node, &key, "on-openai").await?.status, 401, "a revoked key stays revoked");
        assert_eq!(nodes.ask(node, nodes.key.whole(), "moving").await?.header("x-weir-provider"), Some("ant"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_waits_in_the_journal_while_the_database_is_away() -> anyhow::Result<()> {
    let Some(mut nodes) = Nodes::start().await? else { return Ok(()) };
    let admin = nodes.cluster.admin()?;
    let mut asked: Vec<(String, &str)> = Vec::new();
    for (node, name) in [(0, "node-1"), (1, "node-2")] {
        asked.push((id(&nodes.ask(node, nodes.key.whole(), "on-openai").await?)?, name));
    }
    let before: Vec<String> = asked.iter().map(|(id, _)| id.clone()).collect();
    rows_of(&admin, &before, Duration::from_secs(10)).await?;

    nodes.cluster.stop_database().await?;
    let away = Instant::now();
    while away.elapsed() < Duration::from_secs(4) {
        for (node, name) in [(0, "node-1"), (1, "node-2")] {
            let answer = nodes.ask(node, nodes.key.whole(), "on-anthropic").await?;
            answer.heard(Vendor::Openai).context("a node must serve without the database")?;
            asked.push((id(&answer)?, name));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(admin.get("/requests").await.is_err(), "the database was not away");
    // A node that is started anew has nothing to serve from and says so; what it kept in its journal stays.
    nodes.cluster.gateways[1].kill().await?;
    assert!(nodes.cluster.gateways[1].restart().await.is_err(), "a node started without its database");

    nodes.cluster.resume_database().await?;
    nodes.cluster.gateways[1].restart().await?;
    let ids: Vec<String> = asked.iter().map(|(id, _)| id.clone()).collect();
    let rows = rows_of(&admin, &ids, Duration::from_secs(60)).await?;
    assert_one_row_each(&rows, &ids);
    for (id, name) in &asked {
        let row = rows.iter().find(|row| row["id"] == id.as_str()).context("no row")?;
        assert_eq!(row["node"], *name, "{row}");
    }
    let made = admin.post("/applications/app/keys", &json!({"name": "afterwards"})).await?;
    let key = made["key"].as_str().context("no key")?.to_owned();
    nodes.until_both(Instant::now(), (&key, "on-openai"), |a| a.status == 200).await?;
    Ok(())
}

/// How often a node is killed.
const KILLS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_loses_and_doubles_no_row() -> anyhow::Result<()> {
    let Some(mut nodes) = Nodes::start().await? else { return Ok(()) };
    let mut whole = Vec::new();
    for round in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let answered: [Arc<AtomicUsize>; 2] = Default::default();
        let mut tasks = Vec::new();
        for n in 0..8 {
            let caller = caller(&nodes.cluster.gateways[n % 2], nodes.key.whole())?;
            tasks.push(tokio::spawn(load(caller, n * 5 + round, Arc::clone(&stop), Arc::clone(&answered[n % 2]))));
        }
        tokio::time::sleep(Duration::from_millis(50 + (round as u64 * 37) % 250)).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        while answered.iter().any(|a| a.load(Ordering::SeqCst) < 10) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let victim = round % 2;
        nodes.cluster.gateways[victim].kill().await?;
        // The other one does not notice.
        let other = &answered[1 - victim];
        let until = other.load(Ordering::SeqCst) + 5;
        while other.load(Ordering::SeqCst) < until {
            ensure!(Instant::now() < deadline, "the other node stands still");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.store(true, Ordering::SeqCst);
        for task in tasks {
            whole.extend(task.await?);
        }
        nodes.cluster.gateways[victim].restart().await?;
    }
    assert!(whole.len() >= KILLS * 20, "only {} whole answers: the load was no load", whole.len());
    for (node, dialect) in DIALECTS.into_iter().enumerate() {
        let body = request(dialect, route_to(dialect), &json!({}));
        let answer = caller(&nodes.cluster.gateways[node], nodes.key.whole())?.ask(dialect, &body).await?;
        whole.push(id(&answer)?);
    }
    let admin = nodes.cluster.admin()?;
    rows_of(&admin, &whole, Duration::from_secs(60)).await?;
    // Rows of answers that nobody received whole may still be on their way.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let rows = admin.all("/requests?limit=200").await?;
    assert_one_row_each(&rows, &whole);
    let mut by_node: HashMap<&str, usize> = HashMap::new();
    for row in &rows {
        *by_node.entry(row["node"].as_str().unwrap_or_default()).or_default() += 1;
    }
    assert!(by_node.len() == 2 && by_node.keys().all(|n| ["node-1", "node-2"].contains(n)), "{by_node:?}");
    let sums = admin.get("/usage?group_by=application").await?;
    assert_eq!(sums["total"]["requests"].as_u64(), Some(rows.len() as u64), "the sums count what the rows are: {sums}");
    Ok(())
}

/// Two applications, and a vendor that keeps its responses.
async fn kept_responses() -> anyhow::Result<Option<(Cluster, FakeResponses, [Key; 2])>> {
    let vendor = FakeResponses::start("vendor", OPENAI_KEY).await?;
    let spec = json!({"protocol": "openai", "base_url": vendor.base_url(), "responses": true,
        "keys": [{"id": "main", "secret": OPENAI_KEY}], "allow_private_address": true});
    let keys = [Key::new(71), Key::new(72)];
    let config = Config::new()
        .with("Provider", "vendor", &spec)
        .route("kept", &[("vendor", "gpt-5")])
        .application("app", &keys[0])
        .application("other", &keys[1]);
    Ok(start(&config.yaml()).await?.map(|cluster| (cluster, vendor, keys)))
}

/// What a vendor keeps of a response belongs to the application that got it, and not to a node: any node goes on from it,
/// also one that has never seen it or was started anew, and no other application does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_response_is_its_applications_at_every_node_and_after_a_restart() -> anyhow::Result<()> {
    let Some((mut cluster, _vendor, [own, other])) = kept_responses().await? else { return Ok(()) };
    let send = async |node: &Node, key: &Key, method: &str, path: &str, body: Option<&Value>| {
        let request =
            weir_harness::client::client().request(method.parse()?, format!("{}{path}", node.url("gateway")?));
        let request = request.header("content-type", "application/json").bearer_auth(key.whole());
        let body = body.map(Value::to_string).unwrap_or_default();
        anyhow::Ok(caller(node, key.whole())?.send(request.body(body)).await?)
    };
    let text = |answer: &Answered| Ok::<_, anyhow::Error>(answer.json()?["output"][0]["content"][0]["text"].clone());
    let first = json!({"model": "kept", "input": "Hello"});
    let first = send(&cluster.gateways[0], &own, "POST", "/v1/responses", Some(&first)).await?.json()?;
    let mut id = first["id"].as_str().context("no id")?.to_owned();
    let mut before = "vendor heard “Hello”.".to_owned();
    for (round, node) in [1, 0, 1, 0].into_iter().enumerate() {
        if round == 1 || round == 2 {
            cluster.gateways[node].kill().await?;
            cluster.gateways[node].restart().await?;
        }
        let node = &cluster.gateways[node];
        let next = json!({"model": "kept", "input": "And?", "previous_response_id": id});
        let theirs = send(node, &other, "POST", "/v1/responses", Some(&next)).await?;
        assert_eq!(theirs.json()?["error"]["code"], "previous_response_not_found", "{}", theirs.text());
        let path = format!("/v1/responses/{id}");
        let theirs = send(node, &other, "GET", &path, None).await?;
        assert_eq!((theirs.status, &theirs.json()?["error"]["code"]), (404, &json!("response_not_found")));
        let got = send(node, &own, "GET", &path, None).await?;
        assert_eq!((got.status, got.json()?["id"].as_str()), (200, Some(id.as_str())), "{}", got.text());
        let answered = send(node, &own, "POST", "/v1/responses", Some(&next)).await?;
        let says = format!("vendor heard “And?”. Before, I said “{before}”.");
        assert_eq!(text(&answered)?, says, "{}", answered.text());
        id = answered.json()?["id"].as_str().context("no id")?.to_owned();
        before = says;
    }
    Ok(())
}
