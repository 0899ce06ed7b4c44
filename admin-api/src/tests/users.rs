//! People: made with a role, disabled, removed; one's own password; never without an owner.

use serde_json::{Value, json};

use super::server::{Answer, Server};

const PASSWORD: &str = "canary horse battery";
const OTHER: &str = "another horse battery";

/// Makes the first user, an owner, and gives back their id.
async fn owner(server: &Server) -> String {
    let link = server.plane.setup_link().unwrap();
    let token = link.split_once("/setup#token=").unwrap().1;
    let body = json!({"token": token, "email": "ada@example.com", "name": "Ada", "password": PASSWORD});
    let json_type = [("content-type", "application/json")];
    let made = server.raw("POST", "/api/v1/setup", &json_type, Some(body.to_string())).await.expect(201).json();
    made["user"]["id"].as_str().unwrap().to_owned()
}

async fn make(server: &Server, email: &str, role: &str) -> String {
    let body = json!({"email": email, "name": "Somebody", "role": role, "password": PASSWORD});
    server.call("POST", "/users", Some(body)).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn try_sign_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password}).to_string();
    server.raw("POST", "/api/v1/session", &[("content-type", "application/json")], Some(body)).await
}

/// Cookie and CSRF token.
async fn sign_in(server: &Server, email: &str, password: &str) -> (String, String) {
    let signed = try_sign_in(server, email, password).await.expect(200);
    let cookie = signed.header("set-cookie").split(';').next().unwrap().to_owned();
    (cookie, signed.json()["csrf_token"].as_str().unwrap().to_owned())
}

async fn as_person(
    server: &Server,
    (cookie, csrf): &(String, String),
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", csrf), ("content-type", "application/json")];
    server.raw(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
}

#[tokio::test]
async fn a_second_person_signs_in_with_their_role_and_first_password() {
    for server in Server::on_both().await {
        owner(&server).await;
        let id = make(&server, " Bob@Example.com ", "viewer").await;
        let bob = sign_in(&server, "bob@example.com", PASSWORD).await;
        as_person(&server, &bob, "GET", "/teams", None).await.expect(200);
        as_person(&server, &bob, "GET", "/users", None).await.expect(403);
        as_person(&server, &bob, "POST", "/teams", Some(json!({"id": "t", "spec": {}}))).await.expect(403);
        let body = json!({"role": "owner"});
        as_person(&server, &bob, "PUT", &format!("/users/{id}/role"), Some(body.clone())).await.expect(403);
        // The role holds from the next request on.
        let raised = server.call("PUT", &format!("/users/{id}/role"), Some(body)).await.expect(200).json();
        assert_eq!(raised["role"], "owner");
        let listed = as_person(&server, &bob, "GET", "/users", None).await.expect(200).json();
        let shown: Vec<_> = listed["items"].as_array().unwrap().iter().map(|u| (&u["email"], &u["disabled"])).collect();
        let off = json!(false);
        assert_eq!(shown, [(&json!("ada@example.com"), &off), (&json!("bob@example.com"), &off)]);
        assert!(!listed.to_string().contains("argon2"), "{listed}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_person_is_refused_by_field() {
    let server = Server::start().await;
    owner(&server).await;
    let good = json!({"email": "b@example.com", "name": "B", "role": "viewer", "password": PASSWORD});
    for (field, value) in [
        ("email", json!("nobody")),
        ("name", json!(" ")),
        ("role", json!("king")),
        ("password", json!("short")),
        ("password", json!(7)),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let told = server.call("POST", "/users", Some(body)).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], field, "{told}");
    }
    let mut taken = good.clone();
    taken["email"] = json!("Ada@example.com");
    assert_eq!(server.call("POST", "/users", Some(taken)).await.expect(409).problem(), "already-exists");
    server.call("PUT", "/users/nobody/role", Some(json!({"role": "viewer"}))).await.expect(404);
    server.call("DELETE", "/users/nobody", None).await.expect(404);
}

#[tokio::test]
async fn a_disabled_or_removed_person_is_out_at_once() {
    for server in Server::on_both().await {
        owner(&server).await;
        let id = make(&server, "bob@example.com", "viewer").await;
        let (path, off) = (format!("/users/{id}/disabled"), json!({"disabled": true}));
        let bob = sign_in(&server, "bob@example.com", PASSWORD).await;
        server.call("PUT", &path, Some(off)).await.expect(200);
        as_person(&server, &bob, "GET", "/teams", None).await.expect(401);
        try_sign_in(&server, "bob@example.com", PASSWORD).await.expect(401);
        server.call("PUT", &path, Some(json!({"disabled": false}))).await.expect(200);
        as_person(&server, &bob, "GET", "/teams", None).await.expect(401);
        let bob = sign_in(&server, "bob@example.com", PASSWORD).await;
        server.call("DELETE", &format!("/users/{id}"), None).await.expect(204);
        as_person(&server, &bob, "GET", "/teams", None).await.expect(401);
        try_sign_in(&server, "bob@example.com", PASSWORD).await.expect(401);
        let entries = server.get("/audit?kind=User&id=bob@example.com&limit=500").await["items"].clone();
        let actions: Vec<&str> = entries.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
        for action in ["create", "disable", "enable", "delete"] {
            assert_eq!(actions.iter().filter(|a| **a == action).count(), 1, "{action} in {actions:?}");
        }
        assert!(!entries.to_string().contains("argon2") && !entries.to_string().contains(PASSWORD), "{entries}");
    }
}

#[tokio::test]
async fn the_last_owner_stays() {
    for server in Server::on_both().await {
        let ada = owner(&server).await;
        let bob = make(&server, "bob@example.com", "owner").await;
        let demote =
            async |id: &str| server.call("PUT", &format!("/users/{id}/role"), Some(json!({"role": "viewer"}))).await;
        let two = tokio::join!(demote(&ada), demote(&bob));
        let mut statuses = [two.0.status.as_u16(), two.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "of two owners who are demoted at once one stays");
        let last = if two.0.status == 409 { ada } else { bob };
        assert_eq!(demote(&last).await.expect(409).problem(), "last-owner");
        let off = Some(json!({"disabled": true}));
        server.call("PUT", &format!("/users/{last}/disabled"), off).await.expect(409);
        server.call("DELETE", &format!("/users/{last}"), None).await.expect(409);
    }
}

#[tokio::test]
async fn ones_own_password_needs_the_current_one_and_ends_other_sessions() {
    for server in Server::on_both().await {
        owner(&server).await;
        let (here, elsewhere) =
            (sign_in(&server, "ada@example.com", PASSWORD).await, sign_in(&server, "ada@example.com", PASSWORD).await);
        let change = async |current: &str, new: &str| {
            let body = json!({"current_password": current, "new_password": new});
            as_person(&server, &here, "PUT", "/me/password", Some(body)).await
        };
        let told = change("wrong password", OTHER).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "current_password", "{told}");
        let told = change(PASSWORD, "short").await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "new_password", "{told}");
        as_person(&server, &elsewhere, "GET", "/teams", None).await.expect(200);
        change(PASSWORD, OTHER).await.expect(204);
        as_person(&server, &here, "GET", "/teams", None).await.expect(200);
        as_person(&server, &elsewhere, "GET", "/teams", None).await.expect(401);
        try_sign_in(&server, "ada@example.com", PASSWORD).await.expect(401);
        sign_in(&server, "ada@example.com", OTHER).await;
        let entries = server.get("/audit?kind=User&action=password").await["items"].clone();
        assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
        // A stolen session does not open the account by guessing.
        let mut guesses = 0;
        while change("wrong password", OTHER).await.status != 429 {
            guesses += 1;
            assert!(guesses < 12, "guesses are never slowed down");
        }
        let body = json!({"current_password": OTHER, "new_password": PASSWORD});
        server.call("PUT", "/me/password", Some(body)).await.expect(403);
    }
}
