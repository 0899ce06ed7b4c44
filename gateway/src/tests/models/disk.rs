//! A journal that takes no more: calls that cost money are refused, and what was written before is delivered.
//!
//! The limit is the kernel's, on the size of files, and holds for a process, so the test starts itself again, under it.

use std::collections::HashSet;
use std::process::Command;

use super::*;

const ITSELF: &str = "tests::models::disk::without_room_for_records_calls_are_refused";
const MARK: &str = "WEIR_TEST_FILE_LIMIT";

#[tokio::test]
async fn without_room_for_records_calls_are_refused() {
    if std::env::var(MARK).is_ok() {
        return the_gateway_meets_the_limit().await;
    }
    // Sixteen blocks of 512 bytes. With the signal ignored, a write beyond fails, after a part of it has been written.
    let script = "ulimit -f 16; trap '' XFSZ; exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args([ITSELF, "--exact", "--nocapture"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

async fn the_gateway_meets_the_limit() {
    let target = json!([{"provider": "demo", "model": "demo-small"}]);
    let documents = [
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": target}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
    ];
    let stage = Stage::on(&documents, Vec::new(), |_| {}).await;
    let mut answered = Vec::new();
    let refused = loop {
        let answer = stage.ask(Vendor::Anthropic, &json!({})).await;
        if answer.status != 200 {
            break answer;
        }
        answered.push(answer.header("x-weir-request-id").unwrap().to_owned());
        assert!(answered.len() < 100, "the limit does not hold");
    };
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")), "{}", refused.text());
    assert_eq!(refused.error(Vendor::Anthropic).unwrap().0, "overloaded_error");
    let ready = weir_harness::client::client().get(stage.world.url("/-/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    // All but the last one answered are in the journal, whole, although a part of the next stood behind them.
    let rows = stage.rows(answered.len() - 1).await;
    let delivered: HashSet<_> = rows.iter().map(|row| row.id.as_str()).collect();
    assert!(answered[..answered.len() - 1].iter().all(|id| delivered.contains(id.as_str())));
}
