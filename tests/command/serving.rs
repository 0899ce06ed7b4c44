//! What the command does with a server running: plan, apply, export, keys, calls, reload, drain.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};
use weir_harness::weir::{Setup, Weir};

use crate::invoke::{Said, WEIR, eventually, weir};

const CHAT: &str = "kind: ModelRoute\nid: chat\nspec:\n  targets:\n    - {provider: demo, model: demo-small}\n---\n\
                    kind: Application\nid: till\nspec: {models: ['*']}\n";

/// Runs a client command against a server, off the async threads.
async fn client(server: &Weir, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let mut command = weir(server.dir());
    command
        .args(arguments)
        .env("WEIR_ADMIN_URL", server.admin_url())
        .env("WEIR_GATEWAY_URL", server.gateway())
        .env("WEIR_DATA_DIR", server.data_dir())
        .envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    output.expect("weir starts").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_apply_and_export_go_round() {
    let server = Weir::start(WEIR, "").await.unwrap();
    fs::write(server.dir().join("chat.yaml"), CHAT).unwrap();

    let plan = client(&server, &["plan", "--exit-code", "chat.yaml"], &[]).await;
    assert_eq!(plan.code, Some(2), "{plan:?}");
    assert!(plan.out.contains("+ ModelRoute/chat") && plan.out.contains("2 to create, 0 to update"), "{}", plan.out);

    let applied = client(&server, &["apply", "chat.yaml"], &[]).await;
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert!(applied.out.contains("Applied: 2 change(s)"), "{}", applied.out);

    let again = client(&server, &["plan", "--exit-code", "chat.yaml"], &[]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.starts_with("No changes"));

    let exported = client(&server, &["export", "-o", "out.yaml"], &[]).await;
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let unchanged = client(&server, &["plan", "--exit-code", "--prune", "out.yaml"], &[]).await;
    assert_eq!(unchanged.code, Some(0), "an export applied to its own store changes nothing: {unchanged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_base_is_refused_and_told_what_would_happen_now() {
    let server = Weir::start(WEIR, "").await.unwrap();
    fs::write(server.dir().join("chat.yaml"), CHAT).unwrap();
    assert_eq!(client(&server, &["apply", "chat.yaml"], &[]).await.code, Some(0));
    fs::write(server.dir().join("chat.yaml"), CHAT.replace("demo-small", "demo-large")).unwrap();
    let stale = client(&server, &["apply", "--base", "0", "chat.yaml"], &[]).await;
    assert_eq!(stale.code, Some(1), "{stale:?}");
    assert!(stale.err.contains("nothing was applied: the configuration changed since revision 0"), "{}", stale.err);
    assert!(stale.err.contains("demo-small") && stale.err.contains("demo-large"), "{}", stale.err);
    assert_eq!(client(&server, &["plan", "--exit-code", "chat.yaml"], &[]).await.code, Some(2), "nothing was applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_an_apply_name_file_line_and_field() {
    let server = Weir::start(WEIR, "").await.unwrap();
    fs::write(server.dir().join("good.yaml"), CHAT).unwrap();
    fs::write(
        server.dir().join("bad.yaml"),
        "kind: Team\nid: a\n---\nkind: Application\nid: b\nspec: {models: [nothing]}\n",
    )
    .unwrap();
    let said = client(&server, &["apply", "good.yaml", "bad.yaml"], &[]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("bad.yaml:6: Application/b: spec.models[0]"), "{}", said.err);
    let nothing = client(&server, &["export"], &[]).await;
    assert!(!nothing.out.contains("id: chat"), "an apply is all or nothing: {}", nothing.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_calls_until_it_is_revoked() {
    let server = Weir::start(WEIR, CHAT).await.unwrap();
    let made = client(&server, &["key", "create", "till", "--name", "test"], &[]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = made.out.trim().to_owned();
    assert!(key.starts_with("weir_"), "{key}");

    let call = client(&server, &["call", "--model", "chat", "Say hello"], &[("WEIR_API_KEY", &key)]).await;
    assert_eq!(call.code, Some(0), "{call:?}");
    assert!(!call.out.trim().is_empty(), "no answer");
    assert!(
        call.err.contains("tokens in") && call.err.contains("$0.0000") && call.err.contains("demo"),
        "{}",
        call.err
    );

    let unknown = client(&server, &["call", "--model", "nothing", "Hi"], &[("WEIR_API_KEY", &key)]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("refused (4") && unknown.err.contains("nothing"), "{}", unknown.err);

    let revoked = client(&server, &["key", "revoke", &key], &[]).await;
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    eventually("the revoked key is refused", async || {
        client(&server, &["call", "--model", "chat", "Hi"], &[("WEIR_API_KEY", &key)])
            .await
            .err
            .contains("refused (401)")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_goes_live_and_a_faulty_one_does_not() {
    let server = Weir::start(WEIR, CHAT).await.unwrap();
    let key = client(&server, &["key", "create", "till"], &[]).await.out.trim().to_owned();
    let calls = async |model: &str| {
        client(&server, &["call", "--model", model, "Hi"], &[("WEIR_API_KEY", key.as_str())]).await.code == Some(0)
    };
    assert!(calls("chat").await);

    let more = format!(
        "{CHAT}---\nkind: ModelRoute\nid: more\nspec:\n  targets:\n    - {{provider: demo, model: demo-large}}\n"
    );
    server.write_config(&more).unwrap();
    eventually("the added model route is live", async || calls("more").await).await;

    server.write_config(&more.replace("provider: demo,", "provider: nobody,")).unwrap();
    eventually("every fault is logged", async || {
        let log = server.log();
        log.contains("ModelRoute/chat") && log.contains("ModelRoute/more") && log.contains("what was live stays live")
    })
    .await;
    assert!(calls("chat").await && calls("more").await, "a refused file must not harm traffic");

    server.write_config(CHAT).unwrap();
    server.signal("HUP").await.unwrap();
    eventually("what left the file is gone", async || !calls("more").await).await;
    assert!(calls("chat").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_with_exit_code_zero() {
    for signal in ["TERM", "INT"] {
        let mut server = Weir::start(WEIR, "").await.unwrap();
        server.signal(signal).await.unwrap();
        assert_eq!(server.ended(Duration::from_secs(20)).await.unwrap(), Some(0), "{}", server.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_is_for_its_owner_and_goes_when_it_was_used() {
    let server = Weir::start(WEIR, "").await.unwrap();
    let path = server.data_dir().join("setup-link");
    let link = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(link.starts_with(&server.admin_url()), "{link}");
    assert!(server.log().contains(link.trim()), "the link is in the log");
    let token = link.trim().rsplit(['=', '#', '/']).next().unwrap().to_owned();
    let body = json!({"token": token, "email": "ada@example.com", "name": "Ada", "password": "correct horse battery"});
    let answer = server.admin().unwrap().send("POST", "/setup", &[], Some(&body)).await.unwrap();
    answer.ok().unwrap();
    eventually("the link is removed", async || !path.exists()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_logs_are_one_object_per_line() {
    let server = Setup::new(WEIR, CHAT).arguments(&["--log-format", "json"]).start().await.unwrap();
    let log = server.log();
    assert!(!log.trim().is_empty());
    for line in log.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_a_data_directory_is_refused() {
    let server = Weir::start(WEIR, CHAT).await.unwrap();
    for plane in ["run", "admin", "gateway"] {
        let mut arguments = vec![plane, "--data-dir", "data"];
        for (option, planes) in
            [("--gateway-listen", "run gateway"), ("--ops-listen", "run gateway"), ("--admin-listen", "run admin")]
        {
            if planes.split(' ').any(|p| p == plane) {
                arguments.extend([option, "127.0.0.1:0"]);
            }
        }
        let said = client(&server, &arguments, &[]).await;
        assert_eq!(said.code, Some(1), "{plane}: {said:?}");
        let sentence = "another weir runs on the data directory";
        assert!(said.err.contains(sentence) && said.err.contains("--data-dir"), "{plane}: {}", said.err);
    }
    let chat = server.admin().unwrap().send("GET", "/model-routes/chat", &[], None).await.unwrap();
    assert_eq!(chat.body["managed_by"], "weir.yaml", "a refused start must not unlock what another manages");
}
