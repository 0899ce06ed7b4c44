//! M: the same rules for the admin API's own resources.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::stand::{Group, NONE};

static ADMIN: Group = Group::new(policies, NONE, 1);

fn policies() -> Vec<(&'static str, Value)> {
    vec![("any", json!({"validators": {}}))]
}

#[tokio::test]
async fn m1_a_resource_is_changed_only_from_the_version_that_was_read() -> anyhow::Result<()> {
    let stand = ADMIN.stand().await?;
    let admin = stand.admin().await?;
    let body = json!({"id": "m1", "spec": {"name": "first"}});
    let made = admin.send("POST", "/teams", &[], Some(&body)).await?;
    assert_eq!(made.status, 201);
    let first = made.etag.context("no tag")?;
    let change = |name: &str| json!({"spec": {"name": name}});
    let path = "/teams/m1";
    assert_eq!(admin.send("PUT", path, &[], Some(&change("x"))).await?.status, 428);
    let changed = admin.send("PUT", path, &[("if-match", &first)], Some(&change("second"))).await?;
    let second = changed.etag.clone().context("no tag")?;
    assert_eq!((changed.status, second == first), (200, false));
    let stale = admin.send("PUT", path, &[("if-match", &first)], Some(&change("third"))).await?;
    assert_eq!(stale.status, 412);
    let weak = admin.send("PUT", path, &[("if-match", &format!("W/{second}"))], Some(&change("third"))).await?;
    ensure!([400, 412].contains(&weak.status), "{}", weak.status);
    let malformed = admin.send("PUT", path, &[("if-match", "abc")], Some(&change("third"))).await?;
    assert_eq!(malformed.status, 400);
    let list = format!("{first}, {second}");
    let listed = admin.send("PUT", path, &[("if-match", &list)], Some(&change("third"))).await?;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let third = listed.etag.context("no tag")?;
    assert_eq!(admin.send("GET", path, &[("if-none-match", &third)], None).await?.status, 304);
    let weak = format!("\"x\", W/{third}");
    assert_eq!(admin.send("GET", path, &[("if-none-match", &weak)], None).await?.status, 304);
    assert_eq!(admin.send("GET", path, &[("if-none-match", &first)], None).await?.status, 200);
    assert_eq!(admin.send("DELETE", path, &[], None).await?.status, 428);
    assert_eq!(admin.send("DELETE", path, &[("if-match", &first)], None).await?.status, 412);
    assert_eq!(admin.send("DELETE", path, &[("if-match", &third)], None).await?.status, 204);
    Ok(())
}
