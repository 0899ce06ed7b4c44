//! Anthropic's batches of messages: `in_progress` when one is made and first asked after, `ended` from then on.
//! Sources: <https://docs.anthropic.com/en/api/creating-message-batches>,
//! <https://docs.anthropic.com/en/api/retrieving-message-batch-results>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Refusal, Shared, json_answer, lock, vendor_id};
use super::{chat, error};
use crate::http1::Head;
use crate::script::Script;
use crate::wire::{Answer, Body};

/// What lies in the account.
#[derive(Debug, Default)]
pub(in super::super) struct Account {
    batches: BTreeMap<String, Batch>,
}

#[derive(Debug)]
struct Batch {
    object: Value,
    requests: Vec<Value>,
    asked: u32,
}

/// Answers what is asked of the account; `None` for anything else.
pub(super) fn answer(
    shared: &Shared,
    head: &Head,
    path: &str,
    body: &[u8],
    number: u64,
    headers: &[(String, String)],
) -> Option<Answer> {
    let below = path.strip_prefix("/v1/messages/batches")?.trim_start_matches('/');
    let (id, what) = below.split_once('/').unwrap_or((below, ""));
    let mut account = lock(&shared.accounts.1);
    let answered = match (head.method.as_str(), id, what) {
        ("POST", "", "") => make(&mut account, body, number),
        ("GET", "", "") => Ok(json!({"data": account.batches.values().map(|b| &b.object).collect::<Vec<_>>(),
            "has_more": false, "first_id": null, "last_id": null})),
        ("GET", id, "") => poll(&mut account, id),
        ("POST", id, "cancel") => batch(&mut account, id).map(|batch| {
            batch.object["processing_status"] = json!("canceling");
            batch.object["cancel_initiated_at"] = json!("2025-11-13T02:14:00Z");
            batch.object.clone()
        }),
        ("DELETE", id, "") => {
            batch(&mut account, id).map(|_| json!({"id": id, "type": "message_batch_deleted"})).inspect(|_| {
                account.batches.remove(id);
            })
        }
        ("GET", id, "results") => match batch(&mut account, id).map(|batch| results(batch, number)) {
            Ok(Some(lines)) => {
                let mut headers = headers.to_vec();
                headers.push(("content-type".into(), "application/x-jsonl".into()));
                return Some(Answer { status: 200, headers, body: Body::Whole(lines.into_bytes()) });
            }
            Ok(None) => Err(Refusal::invalid("Batch has not ended.")),
            Err(refusal) => Err(refusal),
        },
        _ => return None,
    };
    Some(match answered {
        Ok(object) => json_answer(200, headers.to_vec(), &object),
        Err(refusal) => json_answer(refusal.status, headers.to_vec(), &error(&refusal, &vendor_id("req_01", number))),
    })
}

fn batch<'a>(account: &'a mut Account, id: &str) -> Result<&'a mut Batch, Refusal> {
    let absent = || Refusal { status: 404, kind: "not_found_error", ..Refusal::invalid(format!("batch_id: {id}")) };
    account.batches.get_mut(id).ok_or_else(absent)
}

fn make(account: &mut Account, body: &[u8], number: u64) -> Result<Value, Refusal> {
    let asked: Value = serde_json::from_slice(body).map_err(|e| Refusal::invalid(e.to_string()))?;
    let requests = asked["requests"].as_array().filter(|requests| !requests.is_empty()).cloned();
    let requests = requests.ok_or_else(|| Refusal::invalid("requests: Field required"))?;
    if requests.iter().any(|request| !request["custom_id"].is_string() || !request["params"].is_object()) {
        return Err(Refusal::invalid("requests.0.custom_id: Field required"));
    }
    let id = vendor_id("msgbatch_01", number);
    let object = json!({"id": id, "type": "message_batch", "processing_status": "in_progress",
        "request_counts": {"processing": requests.len(), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        "created_at": "2025-11-13T02:13:20.100435Z", "expires_at": "2025-11-14T02:13:20.100435Z", "ended_at": null,
        "archived_at": null, "cancel_initiated_at": null, "results_url": null});
    account.batches.insert(id, Batch { object: object.clone(), requests, asked: 0 });
    Ok(object)
}

fn poll(account: &mut Account, id: &str) -> Result<Value, Refusal> {
    let batch = batch(account, id)?;
    batch.asked += 1;
    if batch.asked > 1 {
        let good = batch.requests.iter().filter(|request| is_good(request)).count();
        batch.object["processing_status"] = json!("ended");
        batch.object["ended_at"] = json!("2025-11-13T03:00:00.5Z");
        batch.object["request_counts"] = json!({"processing": 0, "succeeded": good,
            "errored": batch.requests.len() - good, "canceled": 0, "expired": 0});
        batch.object["results_url"] = json!(format!("https://api.anthropic.com/v1/messages/batches/{id}/results"));
    }
    Ok(batch.object.clone())
}

fn is_good(request: &Value) -> bool {
    request["params"]["max_tokens"].is_u64()
}

fn results(batch: &Batch, number: u64) -> Option<String> {
    if batch.object["processing_status"] != "ended" {
        return None;
    }
    let mut lines = String::new();
    for (at, request) in batch.requests.iter().enumerate() {
        let result = match chat(number + at as u64, Vec::new(), &request["params"], &Script::default()).body {
            Body::Whole(bytes) if is_good(request) => {
                let mut message: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                message["usage"]["service_tier"] = json!("batch");
                json!({"type": "succeeded", "message": message})
            }
            _ => json!({"type": "errored", "error": {"type": "error", "error":
                {"type": "invalid_request_error", "message": "max_tokens: Field required"}}}),
        };
        lines.push_str(&format!("{}\n", json!({"custom_id": request["custom_id"], "result": result})));
    }
    Some(lines)
}
