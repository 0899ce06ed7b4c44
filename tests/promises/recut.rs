//! However the network cuts a provider's stream, the caller's answer is the same, byte for byte.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::script::{Counts, Reply, Script, ToolCall, Wire};
use weir_harness::sse;

use crate::stand::{DIALECTS, Stand, streamed};

/// Requests under way at once.
const PARALLEL: usize = 8;

/// Text in characters of two, three and four bytes, and two tools.
fn reply() -> Reply {
    let tool = |n: usize| ToolCall {
        name: "get".to_owned(),
        arguments: format!(r#"{{"c":"Zü{n}"}}"#),
        id: Some(format!("tool_{n}")),
    };
    Reply {
        text: "Ä€🌍\n".to_owned(),
        tools: vec![tool(1), tool(2)],
        usage: Some(Counts { input: 12, cache_read: 3, output: 9, ..Counts::default() }),
        id: Some("answer_1".to_owned()),
        ..Reply::default()
    }
}

/// The answer without what is new each time: ids and times that Weir makes.
pub(crate) fn settled(body: &[u8]) -> String {
    let mut settled = String::new();
    for event in sse::parse(body) {
        let mut data = event.json();
        for path in ["/id", "/created", "/message/id"] {
            if let Some(value) = data.pointer_mut(path) {
                *value = Value::Null;
            }
        }
        let data = if data.is_null() { event.data.clone() } else { data.to_string() };
        settled.push_str(&format!("{:?} {data}\n", event.name));
    }
    settled
}

/// Length of the provider's stream, measured at the provider itself.
async fn length(stand: &Stand, caller: Vendor, provider: Vendor, reply: &Reply) -> anyhow::Result<usize> {
    let fake = stand.fake(provider);
    fake.next_times(2, Script::say(reply.clone()));
    stand.ask(caller, provider, &streamed(caller)).await?;
    let arrived = fake.received().pop().context("nothing arrived")?;
    let again = weir_harness::client::client()
        .post(format!("http://{}{}", fake.address(), arrived.head.target))
        .headers(headers_of(&arrived.head.headers)?)
        .body(arrived.body)
        .send()
        .await?;
    ensure!(again.status() == 200, "{}", again.text().await?);
    Ok(again.bytes().await?.len())
}

fn headers_of(all: &[(String, String)]) -> anyhow::Result<reqwest::header::HeaderMap> {
    let mut map = reqwest::header::HeaderMap::new();
    for (name, value) in all
        .iter()
        .filter(|(n, _)| !["host", "content-length", "transfer-encoding"].contains(&n.to_lowercase().as_str()))
    {
        map.insert(reqwest::header::HeaderName::from_bytes(name.as_bytes())?, value.parse()?);
    }
    Ok(map)
}

async fn once(
    stand: &Stand,
    fake: &FakeProvider,
    caller: Vendor,
    provider: Vendor,
    script: Script,
) -> anyhow::Result<String> {
    fake.next(script);
    let answered = stand.ask(caller, provider, &streamed(caller)).await?;
    answered.heard(caller)?;
    Ok(settled(&answered.body))
}

/// Cuts at every byte and into pieces of every small size.
async fn recut(stand: &Stand, caller: Vendor, provider: Vendor, reply: &Reply) -> anyhow::Result<usize> {
    let fake = stand.fake(provider);
    let length = length(stand, caller, provider, reply).await?;
    let expected = once(stand, fake, caller, provider, Script::say(reply.clone())).await?;
    let forms: Vec<Wire> = (1..length)
        .map(|at| Wire { cut_at: Some(at), ..Wire::default() })
        .chain((1..=9).map(|every| Wire { cut_every: Some(every), ..Wire::default() }))
        .collect();
    // Scripts are queued for whichever request comes next: each form is used once.
    let differing = AtomicUsize::new(0);
    for form in &forms {
        fake.next(Script::say(reply.clone()).on_wire(form.clone()));
    }
    let next = AtomicUsize::new(0);
    let worker = || async {
        while next.fetch_add(1, Ordering::SeqCst) < forms.len() {
            let answered = stand.ask(caller, provider, &streamed(caller)).await;
            if !answered.is_ok_and(|a| a.heard(caller).is_ok() && settled(&a.body) == expected) {
                differing.fetch_add(1, Ordering::SeqCst);
            }
        }
        anyhow::Ok(())
    };
    try_join_all((0..PARALLEL).map(|_| worker())).await?;
    if differing.into_inner() > 0 {
        // One after the other, to name the first cut that changes the answer.
        for form in &forms {
            let again = once(stand, fake, caller, provider, Script::say(reply.clone()).on_wire(form.clone())).await;
            let again = again.with_context(|| format!("{caller:?} to {provider:?}, {form:?}"))?;
            assert_eq!(again, expected, "{caller:?} to {provider:?}, {form:?}");
        }
        anyhow::bail!("{caller:?} to {provider:?}: answers differed under load only");
    }
    Ok(forms.len())
}

async fn recut_all(provider: Vendor) -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for caller in DIALECTS {
        let forms = recut(&stand, caller, provider, &reply()).await?;
        assert!(forms > 1000, "only {forms} forms: was the stream recorded?");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_streams_cut_anywhere_give_the_same_answer() -> anyhow::Result<()> {
    recut_all(Vendor::Openai).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anthropic_streams_cut_anywhere_give_the_same_answer() -> anyhow::Result<()> {
    recut_all(Vendor::Anthropic).await
}

#[tokio::test]
async fn a_whole_answer_cut_anywhere_is_the_same() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let reply = reply();
    for provider in DIALECTS {
        for caller in DIALECTS {
            let mut seen = Vec::new();
            for form in
                (1..60).map(|every| Wire { cut_every: Some(every * 3), chunked: every % 2 == 0, ..Wire::default() })
            {
                stand.fake(provider).next(Script::say(reply.clone()).on_wire(form));
                let mut answer = stand.ask(caller, provider, &json!({})).await?.json()?;
                (answer["id"], answer["created"]) = (Value::Null, Value::Null);
                seen.push(answer.to_string());
            }
            seen.dedup();
            assert_eq!(seen.len(), 1, "{caller:?} to {provider:?}: {seen:?}");
        }
    }
    Ok(())
}
