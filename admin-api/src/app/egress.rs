//! The one way out of the control plane to addresses that people wrote down: checked, no redirects.

use std::net::SocketAddr;
use std::time::Duration;

use url::{Host, Url};
use weir_domain::compile::is_public;

/// Connecting may take this long.
const CONNECT: Duration = Duration::from_secs(5);
/// The whole exchange may take this long.
const TOTAL: Duration = Duration::from_secs(30);

/// A client that reaches exactly the checked addresses of `url`'s host. The sentence says what is wrong.
pub(crate) async fn client(url: &Url, allow_private: bool) -> Result<reqwest::Client, String> {
    let host = url.host().ok_or("the address has no host")?;
    let port = url.port_or_known_default().ok_or("the address has no port")?;
    let found: Vec<SocketAddr> = match host {
        Host::Ipv4(ip) => vec![SocketAddr::from((ip, port))],
        Host::Ipv6(ip) => vec![SocketAddr::from((ip, port))],
        Host::Domain(name) => tokio::net::lookup_host((name, port))
            .await
            .map_err(|_| format!("the name {name} is not known to the name server; check the address"))?
            .collect(),
    };
    let checked: Vec<SocketAddr> = found.into_iter().filter(|a| allow_private || is_public(a.ip())).collect();
    if checked.is_empty() {
        return Err(format!(
            "{} leads to a loopback, private or otherwise special address; set allow_private_address if that is meant",
            url.host_str().unwrap_or_default()
        ));
    }
    // The checked addresses are dialled, not looked up again: a second answer could be another (DNS rebinding).
    let name = url.host_str().unwrap_or_default();
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .resolve_to_addrs(name, &checked);
    builder.build().map_err(|_| "the TLS library did not start".to_owned())
}

/// What a failed exchange says, without the address (which may hold more than it should) and with the cause.
pub(crate) fn sentence(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer came in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if error.is_connect() { "no connection could be made" } else { "the exchange failed" };
    format!("{what}: {cause}")
}
