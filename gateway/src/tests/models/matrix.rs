//! Every dialect of callers × every upstream × whole and streamed × whatever a chat can hold. The fake vendors refuse
//! what is not written in their own format, and answer from what they understood: an echo never passes.

mod recut;
mod table;
mod tasks;

use weir_domain::money::NanoUsd;
use weir_harness::chat::{Dialect, Heard};
use weir_harness::provider::bedrock::{ACCESS_KEY, API_KEY};
use weir_harness::provider::{Format, Prompt};
use weir_harness::token_endpoint::{SERVICE_ACCOUNT_KEY, TokenEndpoint, Want};

use super::*;
use table::{Ends, UPSTREAMS, Upstream};
use tasks::Task;

/// A data plane in front of one fake per format.
struct Matrix {
    stage: Stage,
    fakes: Vec<FakeProvider>,
    _tokens: TokenEndpoint,
}

/// What a call came to, to be compared with its row in the ledger.
struct Billed {
    place: String,
    id: String,
    heard: Heard,
    /// What the vendor counted, input and output.
    counted: (u64, u64),
}

impl Matrix {
    async fn start() -> Self {
        let tokens = TokenEndpoint::start(Want::ServiceAccount { email: "weir@p.test" }, 3_600).await.unwrap();
        let account = json!({"type": "service_account", "client_email": "weir@p.test", "private_key_id": "key-1",
            "private_key": SERVICE_ACCOUNT_KEY, "token_uri": "https://oauth2.googleapis.com/token"});
        let mut documents = vec![json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}})];
        let mut fakes = Vec::new();
        for format in Format::ALL {
            let (taken, held) = match format {
                Format::Bedrock => (ACCESS_KEY, ACCESS_KEY.to_owned()),
                Format::Vertex => ("token-1", account.to_string()),
                _ => (KEY, KEY.to_owned()),
            };
            let fake = FakeProvider::start(format, taken).await.unwrap();
            let mut spec = weir_harness::config::provider(&fake, &held);
            match format {
                Format::Responses => spec["models"] = json!([{"id": "gpt-5", "responses_only": true}]),
                Format::Vertex => spec["token_url"] = json!(tokens.url()),
                _ => {}
            }
            let mut providers = vec![(format.name(), spec)];
            if format == Format::Bedrock {
                providers.push((table::KEYED, weir_harness::config::provider(&fake, API_KEY)));
            }
            for (name, spec) in providers {
                documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
                let price = json!({"provider": name, "model": "*", "per_million": {"input": "1", "output": "10"}});
                documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
            }
            fakes.push(fake);
        }
        let stage = Stage::on(&documents, Vec::new(), |_| {}).await;
        Self { stage, fakes, _tokens: tokens }
    }

    fn fake(&self, format: Format) -> &FakeProvider {
        self.fakes.iter().find(|fake| fake.format() == format).unwrap()
    }

    async fn ask(&self, caller: Dialect, upstream: &Upstream, task: Task, stream: bool) -> Answered {
        let mut body = task.request(caller);
        body["model"] = json!(format!("{}/{}", upstream.provider(), upstream.model));
        if stream {
            body["stream"] = json!(true);
            if caller == Dialect::Openai {
                body["stream_options"] = json!({"include_usage": true});
            }
        }
        self.stage.caller.ask(caller, &body).await.unwrap()
    }

    /// One cell of the matrix, whole and streamed. `Err` says what differs from the table.
    async fn cell(&self, caller: Dialect, upstream: &Upstream, task: Task) -> Result<Vec<Billed>, String> {
        let mut billed: Vec<Billed> = Vec::new();
        for stream in [false, true] {
            self.fake(upstream.format).reset();
            let answered = self.ask(caller, upstream, task, stream).await;
            let way = if stream { "streamed" } else { "whole" };
            let place = format!("{caller:?} to {}, {task:?}, {way}", upstream.name);
            let told = |what: String| format!("{place}: {what}\n    {}", answered.text());
            let asked = self.fake(upstream.format).prompts();
            let (dropped, refused) = match table::ends(caller, upstream, task) {
                Ends::Whole => ("", None),
                Ends::Without(name) => (name, None),
                Ends::Refused(field) => ("", Some((field, 0))),
                Ends::Told(field) => ("", Some((field, 1))),
            };
            if let Some((field, requests)) = refused {
                let (_, message) = answered.error(caller).map_err(|e| told(format!("{e:#}")))?;
                if answered.status != 400 || !message.contains(field) || asked.len() != requests {
                    return Err(told(format!("not refused for {field}, {} requests", asked.len())));
                }
                continue;
            }
            let named = answered.header("x-weir-dropped-params").unwrap_or_default();
            if named != dropped {
                return Err(told(format!("dropped is {named:?}, not {dropped:?}")));
            }
            let heard = answered.heard(caller).map_err(|fault| told(format!("{fault:#}")))?;
            let [prompt] = asked.as_slice() else { return Err(told(format!("{} requests", asked.len()))) };
            understood(prompt, upstream, task).and_then(|()| said(&heard, caller, upstream, task)).map_err(told)?;
            if let Some(whole) = billed.first()
                && bare(&whole.heard) != bare(&heard)
            {
                return Err(told(format!("the stream differs from the whole:\n    {:?}\n    {heard:?}", whole.heard)));
            }
            let counts = prompt.reply().counts(prompt.bytes);
            let id = answered.header("x-weir-request-id").unwrap_or_default().to_owned();
            billed.push(Billed { place, id, heard, counted: (counts.input_total(), counts.output_total()) });
        }
        Ok(billed)
    }
}

/// What is made anew for each answer aside.
fn bare(heard: &Heard) -> Heard {
    let mut heard = heard.clone();
    heard.tools.iter_mut().for_each(|call| call.0.clear());
    let is_signed = if heard.signature.is_empty() { "" } else { "signed" };
    is_signed.clone_into(&mut heard.signature);
    heard
}

/// Whether the vendor read what was meant.
fn understood(prompt: &Prompt, upstream: &Upstream, task: Task) -> Result<(), String> {
    let meaning = task.meaning();
    let tools: Vec<&str> = prompt.tools.iter().map(|(name, _)| name.as_str()).collect();
    let offered: &[&str] = if meaning.offers_tool { &["get_weather"] } else { &[] };
    let properties = prompt.tools.iter().all(|(_, schema)| schema["properties"]["city"]["type"] == "string");
    if prompt.history != meaning.history || prompt.system.lines().next() != Some("Be brief.") {
        return Err(format!("the vendor understood {:?} below {:?}", prompt.history, prompt.system));
    }
    if tools != offered || !properties || prompt.max_tokens != Some(8_000) {
        return Err(format!("the vendor understood {:?}, at most {:?} tokens", prompt.tools, prompt.max_tokens));
    }
    if prompt.thinking != (meaning.thinks && table::reasons(upstream)) {
        return Err(format!("the vendor is asked to reason: {}", prompt.thinking));
    }
    Ok(())
}

/// Whether the caller heard what the vendor said.
fn said(heard: &Heard, caller: Dialect, upstream: &Upstream, task: Task) -> Result<(), String> {
    let meaning = task.meaning();
    if heard.text != meaning.says {
        return Err(format!("it says {:?}, not {:?}", heard.text, meaning.says));
    }
    let calls: Vec<Value> = heard.tools.iter().map(|(_, name, input)| json!([name, input])).collect();
    let expected: Vec<Value> = meaning.calls.iter().map(|city| json!(["get_weather", {"city": city}])).collect();
    let ids: std::collections::HashSet<&str> = heard.tools.iter().map(|(id, ..)| id.as_str()).collect();
    let own = !table::has_ids(caller, upstream) || (ids.len() == calls.len() && !ids.contains(""));
    if calls != expected || !own {
        return Err(format!("it calls {:?}", heard.tools));
    }
    let thinking = table::thinking(caller, upstream, task);
    if heard.thinking != thinking {
        return Err(format!("it thinks {:?}, not {thinking:?}", heard.thinking));
    }
    let stop = table::stop(caller, !meaning.calls.is_empty());
    if heard.stop != stop {
        return Err(format!("it stops for {:?}, not {stop:?}", heard.stop));
    }
    if heard.model != upstream.model {
        return Err(format!("it names the model {:?}", heard.model));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_reaches_every_upstream_with_all_that_a_chat_can_hold() {
    let matrix = Matrix::start().await;
    let (mut billed, mut faults) = (Vec::new(), Vec::new());
    for upstream in &UPSTREAMS {
        for caller in Dialect::ALL {
            for task in Task::ALL {
                match matrix.cell(caller, upstream, task).await {
                    Ok(calls) => billed.extend(calls),
                    Err(fault) => faults.push(fault),
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let all = UPSTREAMS.len() * Dialect::ALL.len() * Task::ALL.len() * 2;
    let rows = matrix.stage.rows(all).await;
    assert!(billed.len() > all * 9 / 10, "{} of {all}: who refuses everything carries nothing", billed.len());
    for call in billed {
        let row = rows.iter().find(|row| row.id == call.id).unwrap();
        let (place, tokens) = (&call.place, row.usage.tokens);
        let wire = call.heard.usage.as_ref().unwrap_or_else(|| panic!("{place}: no usage"));
        assert_eq!((wire.input, wire.output), call.counted, "{place}: what the caller reads");
        assert_eq!((tokens.input_total(), tokens.output_total()), call.counted, "{place}: what the ledger holds");
        let cost = NanoUsd(i64::try_from(call.counted.0 * 1_000 + call.counted.1 * 10_000).unwrap());
        assert_eq!(row.cost, Some(cost), "{place}: {row:?}");
        assert_eq!(wire.cost.as_ref().map(Value::to_string), Some(cost.to_string()), "{place}");
    }
}
