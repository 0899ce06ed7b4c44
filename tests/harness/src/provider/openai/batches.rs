//! OpenAI's files, uploads and batches. A batch is `validating` when it is made, `in_progress` when it is first asked
//! after, and `completed` from then on; its requests are answered as chats are.
//! Sources: <https://platform.openai.com/docs/api-reference/files>, <https://platform.openai.com/docs/api-reference/batch>.

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
    files: BTreeMap<String, File>,
    batches: BTreeMap<String, Batch>,
}

#[derive(Debug)]
struct File {
    object: Value,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Batch {
    object: Value,
    asked: u32,
}

/// When the fake's clock stands.
const NOW: u64 = 1_763_000_000;

/// Answers what is asked of the account; `None` for anything else.
pub(super) fn answer(
    shared: &Shared,
    head: &Head,
    path: &str,
    body: &[u8],
    number: u64,
    headers: &[(String, String)],
) -> Option<Answer> {
    let below = path.strip_prefix("/v1/")?;
    let mut segments = below.split('/');
    let (kind, id, what) = (segments.next()?, segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let mut account = lock(&shared.accounts.0);
    let answered = match (head.method.as_str(), kind, id, what) {
        ("POST", "files", "", "") => upload(&mut account, head, body, number),
        ("GET", "files", "", "") => Ok(list(account.files.values().map(|file| &file.object))),
        ("GET", "files", id, "") => file(&account, id).map(|file| file.object.clone()),
        ("GET", "files", id, "content") => match file(&account, id) {
            Ok(file) => {
                let mut headers = headers.to_vec();
                headers.push(("content-type".into(), "application/octet-stream".into()));
                return Some(Answer { status: 200, headers, body: Body::Whole(file.bytes.clone()) });
            }
            Err(refusal) => Err(refusal),
        },
        ("DELETE", "files", id, "") => {
            file(&account, id).map(|_| json!({"id": id, "object": "file", "deleted": true})).inspect(|_| {
                account.files.remove(id);
            })
        }
        ("POST", "batches", "", "") => make(&mut account, body, number),
        ("GET", "batches", "", "") => Ok(list(account.batches.values().map(|batch| &batch.object))),
        ("GET", "batches", id, "") => poll(&mut account, id, number),
        ("POST", "batches", id, "cancel") => cancel(&mut account, id),
        _ => return None,
    };
    Some(match answered {
        Ok(object) => json_answer(200, headers.to_vec(), &object),
        Err(refusal) => json_answer(refusal.status, headers.to_vec(), &error(&refusal)),
    })
}

fn list<'a>(objects: impl Iterator<Item = &'a Value>) -> Value {
    json!({"object": "list", "data": objects.collect::<Vec<_>>(), "has_more": false})
}

fn file<'a>(account: &'a Account, id: &str) -> Result<&'a File, Refusal> {
    let absent =
        || Refusal { status: 404, param: Some("id".into()), ..Refusal::invalid(format!("No such File object: {id}")) };
    account.files.get(id).ok_or_else(absent)
}

/// A field of a form: its file name, and its bytes.
fn field<'a>(boundary: &str, body: &'a [u8], name: &str) -> Option<(Option<String>, &'a [u8])> {
    let delimiter = format!("\r\n--{boundary}");
    let find = |haystack: &[u8], needle: &[u8]| haystack.windows(needle.len()).position(|window| window == needle);
    let mut rest = body.get(delimiter.len() - 2..)?;
    loop {
        let begin = find(rest, b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(rest.get(..begin)?).into_owned();
        let value = rest.get(begin..)?;
        let end = find(value, delimiter.as_bytes())?;
        if head.contains(&format!("name=\"{name}\"")) {
            let file = head.split("filename=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
            return Some((file, value.get(..end)?));
        }
        rest = value.get(end + delimiter.len()..)?;
    }
}

fn upload(account: &mut Account, head: &Head, body: &[u8], number: u64) -> Result<Value, Refusal> {
    let kind = head.header("content-type").unwrap_or_default();
    let boundary = kind.split("boundary=").nth(1).ok_or_else(|| Refusal::invalid("Expected a form"))?.trim_matches('"');
    let missing =
        |name| Refusal { param: Some(name), ..Refusal::invalid("'purpose' and 'file' are required properties") };
    let (_, purpose) = field(boundary, body, "purpose").ok_or_else(|| missing("purpose".to_owned()))?;
    let (name, bytes) = field(boundary, body, "file").ok_or_else(|| missing("file".to_owned()))?;
    Ok(store(account, number, &String::from_utf8_lossy(purpose), &name.unwrap_or_default(), bytes.to_vec()))
}

fn store(account: &mut Account, number: u64, purpose: &str, name: &str, bytes: Vec<u8>) -> Value {
    let id = vendor_id("file-", number * 10 + u64::from(purpose == "batch_output"));
    let object = json!({"id": id, "object": "file", "bytes": bytes.len(), "created_at": NOW, "filename": name,
        "purpose": purpose, "status": "processed", "expires_at": null, "status_details": null});
    account.files.insert(id, File { object: object.clone(), bytes });
    object
}

fn make(account: &mut Account, body: &[u8], number: u64) -> Result<Value, Refusal> {
    let asked: Value =
        serde_json::from_slice(body).map_err(|e| Refusal::invalid(format!("We could not parse it. ({e})")))?;
    let input = asked["input_file_id"].as_str().unwrap_or_default();
    file(account, input)?;
    if asked["endpoint"].as_str().is_none() || asked["completion_window"] != "24h" {
        return Err(Refusal::invalid("'endpoint' and 'completion_window' are required properties"));
    }
    let id = vendor_id("batch_", number);
    let object = json!({"id": id, "object": "batch", "endpoint": asked["endpoint"], "model": null, "errors": null,
        "input_file_id": input, "completion_window": "24h", "status": "validating", "output_file_id": null,
        "error_file_id": null, "created_at": NOW, "in_progress_at": null, "expires_at": NOW + 86_400,
        "finalizing_at": null, "completed_at": null, "failed_at": null, "expired_at": null, "cancelling_at": null,
        "cancelled_at": null, "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": null, "metadata": asked["metadata"]});
    account.batches.insert(id, Batch { object: object.clone(), asked: 0 });
    Ok(object)
}

fn batch<'a>(account: &'a mut Account, id: &str) -> Result<&'a mut Batch, Refusal> {
    let absent = || Refusal { status: 404, ..Refusal::invalid(format!("No batch found with id '{id}'.")) };
    account.batches.get_mut(id).ok_or_else(absent)
}

fn poll(account: &mut Account, id: &str, number: u64) -> Result<Value, Refusal> {
    let batch = batch(account, id)?;
    batch.asked += 1;
    match batch.object["status"].as_str() {
        Some("validating") => batch.object["status"] = json!("in_progress"),
        Some("in_progress") => complete(account, id, number)?,
        Some("cancelling") => {
            batch.object["status"] = json!("cancelled");
            batch.object["cancelled_at"] = json!(NOW + 120);
        }
        _ => {}
    }
    Ok(account.batches[id].object.clone())
}

fn cancel(account: &mut Account, id: &str) -> Result<Value, Refusal> {
    let batch = batch(account, id)?;
    if batch.object["status"] == "completed" {
        return Err(Refusal { status: 409, ..Refusal::invalid("Cannot cancel a batch with status 'completed'.") });
    }
    batch.object["status"] = json!("cancelling");
    batch.object["cancelling_at"] = json!(NOW + 60);
    Ok(batch.object.clone())
}

/// Answers every request, and says what all consumed; a batch whose metadata say `usage: no` is one of before September
/// 2025, which does not.
fn complete(account: &mut Account, id: &str, number: u64) -> Result<(), Refusal> {
    let object = account.batches[id].object.clone();
    let input = file(account, object["input_file_id"].as_str().unwrap_or_default())?.bytes.clone();
    let (mut lines, mut sums, mut model) = (String::new(), [0_u64; 2], Value::Null);
    let (mut total, mut failed) = (0, 0);
    for (at, line) in input.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).enumerate() {
        total += 1;
        let asked: Value = serde_json::from_slice(line).unwrap_or_default();
        let answered = answered(&asked["body"], number + at as u64);
        if answered["error"].is_null() {
            model = answered["model"].clone();
            sums[0] += answered["usage"]["prompt_tokens"].as_u64().unwrap_or(0);
            sums[1] += answered["usage"]["completion_tokens"].as_u64().unwrap_or(0);
        } else {
            failed += 1;
        }
        let status = if answered["error"].is_null() { 200 } else { 400 };
        let line = json!({"id": vendor_id("batch_req_", at as u64), "custom_id": asked["custom_id"], "error": null,
            "response": {"status_code": status, "request_id": vendor_id("req_", at as u64), "body": answered}});
        lines.push_str(&format!("{line}\n"));
    }
    let name = format!("{id}_output.jsonl");
    let output = store(account, number, "batch_output", &name, lines.into_bytes());
    let batch = batch(account, id)?;
    let counts = json!({"total": total, "completed": total - failed, "failed": failed});
    batch.object["status"] = json!("completed");
    batch.object["completed_at"] = json!(NOW + 600);
    batch.object["output_file_id"] = output["id"].clone();
    batch.object["request_counts"] = counts;
    if batch.object["metadata"]["usage"] != "no" {
        batch.object["model"] = model;
        batch.object["usage"] = json!({"input_tokens": sums[0], "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": sums[1], "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": sums[0] + sums[1]});
    }
    Ok(())
}

fn answered(request: &Value, number: u64) -> Value {
    if !request["messages"].is_array() {
        return error(&Refusal::invalid("Missing required parameter: 'messages'."));
    }
    match chat(number, Vec::new(), request, &Script::default()).body {
        Body::Whole(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        _ => Value::Null,
    }
}
