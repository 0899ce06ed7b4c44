//! The HTTP client of the tests.

pub use reqwest::RequestBuilder;

/// Settings for a client that follows nothing and goes straight to its target.
///
/// TLS needs a provider of cryptography in the process; the first call installs it.
pub fn builder() -> reqwest::ClientBuilder {
    // An error says that another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none())
}

/// A client with these settings.
///
/// # Panics
/// When the client cannot be built, which ends the test.
#[must_use]
#[expect(clippy::expect_used, reason = "only a broken build gets here")]
pub fn client() -> reqwest::Client {
    builder().build().expect("a client without options can be built")
}
