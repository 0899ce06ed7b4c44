//! One token for all who wait, a new one before the old one ends, and the old one while the endpoint is down.

use weir_domain::compile::is_public;
use weir_domain::grant::Proof;
use weir_domain::secret::Secret;
use weir_domain::snapshot::Address;
use weir_harness::token_endpoint::{TokenEndpoint, Want};

use super::*;
use crate::egress::Egress;

const WANT: Want = Want::Client { id: "client", secret: "client-canary", scope: "scope/.default" };

fn grant(endpoint: &TokenEndpoint, secret: &str) -> Grant {
    let socket = endpoint.address();
    assert!(!is_public(socket.ip()));
    let address = Address {
        tls: false,
        host: socket.ip().to_string(),
        port: socket.port(),
        authority: socket.to_string(),
        path: "/token".into(),
        allow_private: true,
    };
    let secret = Secret::new(secret.into()).unwrap();
    Grant { endpoint: address, proof: Proof::Client { id: "client".into(), secret, scope: "scope/.default".into() } }
}

fn post() -> Arc<Post> {
    Arc::new(Post::new(Egress::default()))
}

#[tokio::test]
async fn all_who_wait_get_the_token_of_one_fetch_even_when_the_first_of_them_leaves() {
    let endpoint = TokenEndpoint::start(WANT, 3_600).await.unwrap();
    endpoint.delay(Duration::from_millis(100));
    let (token, post) = (Arc::new(Token::new(grant(&endpoint, "client-canary"))), post());
    assert!(token.header().is_none());
    let left = tokio::time::timeout(Duration::from_millis(20), token.ready(&post)).await;
    assert!(left.is_err(), "the first one leaves while the endpoint thinks");
    let all = futures::future::join_all((0..50).map(|_| token.ready(&post))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let header = token.header().unwrap();
    assert_eq!((header.to_str().unwrap(), header.is_sensitive(), endpoint.granted()), ("Bearer token-1", true, 1));
}

#[tokio::test]
async fn a_token_is_fetched_anew_in_the_background_before_it_ends() {
    let endpoint = TokenEndpoint::start(WANT, 2).await.unwrap();
    let (token, post) = (Arc::new(Token::new(grant(&endpoint, "client-canary"))), post());
    token.ready(&post).await.unwrap();
    // Half of two seconds is usable; from some moment within it a new one is fetched, and nobody waits for it.
    endpoint.delay(Duration::from_millis(50));
    let begun = Instant::now();
    while endpoint.granted() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(1), "no new token before the old one ended");
        let asked = Instant::now();
        token.ready(&post).await.unwrap();
        assert!(asked.elapsed() < Duration::from_millis(40), "a request waited for the new token");
        assert!(token.header().is_some());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_old_token_serves_while_the_endpoint_is_down_and_then_the_failure_is_told() {
    let endpoint = TokenEndpoint::start(WANT, 2).await.unwrap();
    let (token, post) = (Arc::new(Token::new(grant(&endpoint, "client-canary"))), post());
    token.ready(&post).await.unwrap();
    let fetched = Instant::now();
    endpoint.fail(Some(503));
    while fetched.elapsed() < Duration::from_millis(900) {
        token.ready(&post).await.unwrap();
        assert_eq!(token.header().unwrap(), "Bearer token-1");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let problem = token.ready(&post).await.unwrap_err();
    assert!(problem.to_string().contains("status 503") && token.header().is_none(), "{problem}");
    let asked = endpoint.asked();
    for _ in 0..20 {
        assert!(token.ready(&post).await.is_err());
    }
    assert!(endpoint.asked() <= asked + 1, "a failure is believed for a while");
    endpoint.fail(None);
    tokio::time::sleep(FAILURE + Duration::from_millis(100)).await;
    token.ready(&post).await.unwrap();
    assert_eq!(token.header().unwrap(), "Bearer token-2");
}

#[tokio::test]
async fn a_refused_credential_is_told_without_a_word_of_it() {
    let endpoint = TokenEndpoint::start(WANT, 3_600).await.unwrap();
    let (token, post) = (Arc::new(Token::new(grant(&endpoint, "wrong-canary"))), post());
    let problem = token.ready(&post).await.unwrap_err().to_string();
    assert!(problem.contains("invalid_client") && !problem.contains("canary"), "{problem}");
}

#[tokio::test]
async fn an_endpoint_at_a_private_address_needs_the_operators_word() {
    let endpoint = TokenEndpoint::start(WANT, 3_600).await.unwrap();
    let mut grant = grant(&endpoint, "client-canary");
    grant.endpoint.allow_private = false;
    let problem = Arc::new(Token::new(grant)).ready(&post()).await.unwrap_err().to_string();
    assert!(problem.contains("allow_private_address") && endpoint.asked() == 0, "{problem}");
}
