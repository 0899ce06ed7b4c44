//! Model calls through the whole data plane, against fake vendors that are exact on the wire.

mod abort;
mod answers;
mod batches;
mod bodies;
mod catalogue;
mod conflicts;
mod disk;
mod failover;
mod faults;
mod formats;
mod gemini_embeddings;
mod health;
mod keys;
mod lost;
mod matrix;
mod native;
mod passed_on;
mod realtime;
mod responses;
mod routing;
mod shadow;
mod tls;
mod vendors;
mod wire;

use serde_json::{Value, json};
use weir_harness::chat::{Answered, Caller};
use weir_harness::provider::{FakeProvider, Vendor};

use super::*;

const KEY: &str = "sk-fake";

/// A data plane between a caller and vendors `one`, `two`, …; the model route `chat` goes to them in this order.
struct Stage {
    world: World,
    vendors: Vec<FakeProvider>,
    caller: Caller,
}

impl Stage {
    async fn start(vendors: &[Vendor]) -> Self {
        Self::start_with(vendors, json!({"cooldown_ms": 1}), |_| {}).await
    }

    async fn start_with(vendors: &[Vendor], retry: Value, change: impl FnOnce(&mut Vec<Value>)) -> Self {
        let mut fakes = Vec::new();
        for vendor in vendors {
            fakes.push(FakeProvider::start(*vendor, KEY).await.unwrap());
        }
        let names = ["one", "two", "three"];
        let targets: Vec<Value> = (0..fakes.len())
            .map(|n| json!({"provider": names[n], "model": format!("m-{}", names[n]), "priority": n}))
            .collect();
        let mut documents = vec![
            json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": targets, "retry": retry}}),
            json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
        ];
        for (name, fake) in names.iter().zip(&fakes) {
            let mut spec = weir_harness::config::provider(fake, KEY);
            spec["timeouts"] = json!({"connect_ms": 2_000, "first_byte_ms": 1_500, "idle_ms": 1_500});
            documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
            let price = json!({"provider": name, "model": "*", "per_million": {"input": "1", "output": "10"}});
            documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
        }
        change(&mut documents);
        Self::on(&documents, fakes, |_| {}).await
    }

    async fn on(documents: &[Value], vendors: Vec<FakeProvider>, change: impl FnOnce(&mut Settings) + Send) -> Self {
        let text: Vec<String> = documents.iter().map(Value::to_string).collect();
        let world = World::start_with(&text.join("\n---\n"), change);
        let caller = Caller::new(&world.url(""), &world.key);
        Self { world, vendors, caller }
    }

    async fn ask(&self, dialect: Vendor, fields: &Value) -> Answered {
        self.caller.ask(dialect, &body(dialect, "chat", fields)).await.unwrap()
    }

    /// Waits until the ledger has so many rows.
    async fn rows(&self, count: usize) -> Vec<Record> {
        for _ in 0..300 {
            let rows = self.world.ledger.0.lock().clone();
            if rows.len() >= count {
                assert_eq!(rows.len(), count, "{rows:?}");
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("no {count} rows, but {:?}", self.world.ledger.0.lock());
    }
}

fn body(dialect: Vendor, model: &str, fields: &Value) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Hello there"}]});
    if dialect == Vendor::Anthropic {
        body["max_tokens"] = json!(100);
    }
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn stream() -> Value {
    json!({"stream": true})
}
