//! People: set-up, signing in and out, forged requests, guessed passwords.

use serde_json::{Value, json};

use super::server::{Answer, Server};

const PASSWORD: &str = "canary horse battery";

fn setup_token(server: &Server) -> String {
    let link = server.plane.setup_link().expect("nobody was made yet");
    link.split_once("/setup#token=").unwrap().1.to_owned()
}

async fn set_up(server: &Server) -> Answer {
    let body = json!({"token": setup_token(server), "email": "Ada@Example.com", "name": "Ada", "password": PASSWORD});
    post(server, "/setup", body).await
}

async fn post(server: &Server, path: &str, body: Value) -> Answer {
    let json = [("content-type", "application/json")];
    server.raw("POST", &format!("/api/v1{path}"), &json, Some(body.to_string())).await
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn set_up_works_once_and_with_the_printed_token_only() {
    for server in Server::on_both().await {
        assert_eq!(server.raw("GET", "/api/v1/setup", &[], None).await.expect(200).json()["needed"], true);
        let wrong = json!({"token": "guess", "email": "a@b", "name": "A", "password": PASSWORD});
        post(&server, "/setup", wrong).await.expect(401);
        let body = json!({"token": setup_token(&server), "email": "a@b", "name": "A", "password": "short"});
        let told = post(&server, "/setup", body).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "password");
        let token = setup_token(&server);
        let first = set_up(&server).await.expect(201);
        assert_eq!(first.json()["user"]["role"], "owner");
        let set = first.header("set-cookie");
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.starts_with("weir_session="),
            "{set}"
        );
        assert!(server.plane.setup_link().is_none());
        let again = json!({"token": token, "email": "b@b", "name": "B", "password": PASSWORD});
        assert_eq!(post(&server, "/setup", again).await.expect(410).problem(), "setup-done");
        assert_eq!(server.raw("GET", "/api/v1/setup", &[], None).await.json()["needed"], false);
        assert!(server.sibling().await.plane.setup_link().is_none());
    }
}

#[tokio::test]
async fn the_set_up_link_stays_good_over_a_restart() {
    let server = Server::start().await;
    let token = setup_token(&server);
    assert_eq!(setup_token(&server.sibling().await), token);
}

#[tokio::test]
async fn a_session_reads_with_its_cookie_and_changes_with_its_token() {
    let server = Server::start().await;
    set_up(&server).await.expect(201);
    let signed = post(&server, "/session", json!({"email": "ada@example.com", "password": PASSWORD})).await.expect(200);
    let (cookie, csrf) = (cookie(&signed), signed.json()["csrf_token"].as_str().unwrap().to_owned());
    let read = [("cookie", cookie.as_str())];
    let session = server.raw("GET", "/api/v1/session", &read, None).await.expect(200).json();
    assert_eq!(
        (session["user"]["email"].as_str(), session["csrf_token"].as_str()),
        (Some("ada@example.com"), Some(&*csrf))
    );
    let json_type = ("content-type", "application/json");
    let team = |id: &str| Some(json!({"id": id, "spec": {}}).to_string());
    let bare = server.raw("POST", "/api/v1/teams", &[read[0], json_type], team("a")).await.expect(403);
    assert_eq!(bare.problem(), "cross-site");
    let good = [read[0], json_type, ("x-csrf-token", csrf.as_str())];
    let made = server.raw("POST", "/api/v1/teams", &good, team("a")).await.expect(201).json();
    assert_eq!(made["updated_by"], "user:ada@example.com");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let forged = [good[0], good[1], good[2], (name, value)];
        server.raw("POST", "/api/v1/teams", &forged, team("b")).await.expect(403);
    }
    let twice = [good[0], good[1], good[2], ("origin", server.base.as_str()), ("origin", "https://evil.example")];
    server.raw("POST", "/api/v1/teams", &twice, team("b")).await.expect(403);
    let own = [good[0], good[1], good[2], ("origin", server.base.as_str())];
    server.raw("POST", "/api/v1/teams", &own, team("c")).await.expect(201);
    let out = [good[0], good[2]];
    server.raw("DELETE", "/api/v1/session", &out, None).await.expect(204);
    server.raw("GET", "/api/v1/session", &read, None).await.expect(401);
}

#[tokio::test]
async fn the_cookie_is_for_tls_only_where_the_operator_says_so_and_no_header_changes_that() {
    let sign_in = async |server: &Server| {
        let body = json!({"email": "ada@example.com", "password": PASSWORD}).to_string();
        let headers = [("content-type", "application/json"), ("x-forwarded-proto", "https")];
        server.raw("POST", "/api/v1/session", &headers, Some(body)).await.expect(200)
    };
    let plain = Server::start().await;
    assert!(plain.plane.setup_link().unwrap().starts_with(&format!("{}/setup#token=", plain.base)));
    set_up(&plain).await.expect(201);
    let set = sign_in(&plain).await.header("set-cookie");
    assert!(set.starts_with("weir_session=") && !set.contains("Secure"), "{set}");

    let (database, dir) = (super::database::sqlite(), std::sync::Arc::new(tempfile::tempdir().unwrap()));
    let mut settings = super::server::settings(dir.path(), &database);
    settings.public_url = Some("https://weir.example.com".to_owned());
    let tls = Server::with(settings, database, dir).await;
    assert!(tls.plane.setup_link().unwrap().starts_with("https://weir.example.com/setup#token="));
    set_up(&tls).await.expect(201);
    let signed = sign_in(&tls).await;
    let set = signed.header("set-cookie");
    assert!(
        set.starts_with("__Host-weir_session=")
            && set.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    let value = cookie(&signed);
    tls.raw("GET", "/api/v1/session", &[("cookie", &value)], None).await.expect(200);
    // A neighbour under the same domain can set the name without the prefix.
    let planted = value.trim_start_matches("__Host-").to_owned();
    tls.raw("GET", "/api/v1/session", &[("cookie", &planted)], None).await.expect(401);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_unknown_people_look_like_known_ones() {
    let server = Server::start().await;
    set_up(&server).await.expect(201);
    let guess =
        async |email: &str| post(&server, "/session", json!({"email": email, "password": "wrong password"})).await;
    let (known, unknown) = (guess("ada@example.com").await, guess("nobody@example.com").await);
    assert_eq!((known.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(known.json()["detail"], unknown.json()["detail"]);
    let mut wrong = 2;
    let slowed = loop {
        let answer = guess("ada@example.com").await;
        if answer.status == 429 {
            break answer;
        }
        wrong += 1;
        assert!(wrong < 12, "guesses are never slowed down");
    };
    assert!(wrong >= 6, "{wrong} tries are too few for people who mistype");
    assert_eq!(slowed.problem(), "throttled");
    let wait: u64 = slowed.header("retry-after").parse().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(wait * 1_000 + 1_100)).await;
    let right = json!({"email": "ada@example.com", "password": PASSWORD});
    post(&server, "/session", right).await.expect(200);
    let audit = server.get("/audit?action=sign-in-refused").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), wrong);
    assert!(!audit.to_string().contains("nobody@example.com"));
}

#[tokio::test]
async fn a_wrong_typed_password_is_not_repeated() {
    let server = Server::start().await;
    for body in [
        json!({"email": "a@b", "password": ["canary-password"]}),
        json!({"email": {"canary-password": 1}, "password": "x"}),
        json!({"email": "a@b", "password": 4711_0815}),
    ] {
        let refused = post(&server, "/session", body).await.expect(422);
        assert!(!refused.text.contains("canary-password") && !refused.text.contains("47110815"), "{}", refused.text);
    }
}

#[tokio::test]
async fn passwords_do_not_cross_a_network_in_the_clear_unless_the_operator_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = super::server::settings(&dir.path().join("data"), &super::database::sqlite());
    settings.listen.set_ip(std::net::Ipv4Addr::UNSPECIFIED.into());
    let refused = crate::ControlPlane::open(settings.clone()).await.err().unwrap().to_string();
    assert!(refused.contains("without TLS") && refused.contains("WEIR_ADMIN_ALLOW_PLAINTEXT"), "{refused}");
    assert!(!settings.data_dir.exists(), "it was refused before anything was made");
    settings.allow_plaintext = true;
    crate::ControlPlane::open(settings).await.unwrap();
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_is_throttled_and_audited_by_their_own_address() {
    let (database, dir) = (super::database::sqlite(), std::sync::Arc::new(tempfile::tempdir().unwrap()));
    let mut settings = super::server::settings(dir.path(), &database);
    settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let proxied = Server::with(settings, database, dir).await;
    set_up(&proxied).await.expect(201);
    let sign_in = async |server: &Server, from: &str, password: &str| {
        let body = json!({"email": "ada@example.com", "password": password}).to_string();
        let headers = [("content-type", "application/json"), ("x-forwarded-for", from)];
        server.raw("POST", "/api/v1/session", &headers, Some(body)).await
    };
    let mut tries = 0;
    // What the stranger writes into the header themselves stands before what the proxy adds.
    while sign_in(&proxied, &format!("10.9.8.{tries}, 198.51.100.1"), "wrong password").await.status != 429 {
        tries += 1;
        assert!(tries < 12, "the stranger is never slowed down");
    }
    sign_in(&proxied, "203.0.113.5", PASSWORD).await.expect(200);
    let newest = proxied.get("/audit?action=sign-in&limit=1").await["items"][0].clone();
    assert_eq!(newest["address"], "203.0.113.5");
    let refused = proxied.get("/audit?action=sign-in-refused&limit=1").await["items"][0].clone();
    assert_eq!(refused["address"], "198.51.100.1");

    let direct = Server::start().await;
    set_up(&direct).await.expect(201);
    sign_in(&direct, "203.0.113.5", PASSWORD).await.expect(200);
    let newest = direct.get("/audit?action=sign-in&limit=1").await["items"][0].clone();
    assert_eq!(newest["address"], "127.0.0.1", "nobody's word but a trusted proxy's is believed");
}
