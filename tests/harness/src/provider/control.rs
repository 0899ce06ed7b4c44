//! The addresses below `/__fakes/`, by which a test in another process sets scripts and reads what
//! arrived: `POST /__fakes/script` with a [`Queued`], `GET /__fakes/requests`, `POST /__fakes/reset`.

use serde_json::{Value, json};

use super::{Queued, Shared, json_answer, lock, model_of};
use crate::wire::Answer;

pub(super) fn answer(shared: &Shared, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
    let call = path.strip_prefix("/__fakes/")?;
    let (status, value) = match (method, call) {
        ("POST", "script") => match serde_json::from_slice::<Queued>(body) {
            Ok(queued) => {
                lock(&shared.queue).push_back(queued);
                (200, json!({}))
            }
            Err(error) => (400, json!({"error": error.to_string()})),
        },
        ("POST", "reset") => {
            shared.reset();
            (200, json!({}))
        }
        ("GET", "requests") => (200, requests(shared)),
        _ => (404, json!({"error": "no such control"})),
    };
    Some(json_answer(status, Vec::new(), &value))
}

fn requests(shared: &Shared) -> Value {
    lock(&shared.received)
        .iter()
        .map(|r| {
            let headers: serde_json::Map<String, Value> =
                r.head.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), json!(v))).collect();
            json!({
                "connection": r.connection,
                "method": r.head.method,
                "target": r.head.target,
                "headers": headers,
                "model": model_of(r.head.target.split('?').next().unwrap_or_default(), Some(&r.json())),
                "body": r.json(),
                "status": r.status,
            })
        })
        .collect()
}
