//! What most promises stand on: the binary between a caller and two fake vendors.

use anyhow::Context;
use serde_json::{Value, json};
use weir_harness::chat::{Answered, Caller};
use weir_harness::config::{Config, Key};
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::weir::{Setup, Weir};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_weir");

/// The keys of the vendors. They look like nothing else, so that a leak is found by a search.
pub(crate) const OPENAI_KEY: &str = "sk-canary-openai-7f3a91c2";
/// See [`OPENAI_KEY`].
pub(crate) const ANTHROPIC_KEY: &str = "sk-canary-anthropic-5be0d417";

/// Both dialects.
pub(crate) const DIALECTS: [Vendor; 2] = [Vendor::Openai, Vendor::Anthropic];

/// A 1 × 1 pixel, 70 bytes.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A running Weir between a caller and one fake of each vendor.
pub(crate) struct Stand {
    pub(crate) openai: FakeProvider,
    pub(crate) anthropic: FakeProvider,
    pub(crate) weir: Weir,
    pub(crate) key: Key,
    pub(crate) caller: Caller,
}

impl Stand {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_with(|config, _, _| config).await
    }

    /// `change` gets the usual configuration and both fakes.
    pub(crate) async fn start_with(
        change: impl FnOnce(Config, &FakeProvider, &FakeProvider) -> Config,
    ) -> anyhow::Result<Self> {
        Self::start_as(change, |setup| setup).await
    }

    /// `launch` changes how the binary is started.
    pub(crate) async fn start_as(
        change: impl FnOnce(Config, &FakeProvider, &FakeProvider) -> Config,
        launch: impl FnOnce(Setup) -> Setup,
    ) -> anyhow::Result<Self> {
        let openai = FakeProvider::start(Vendor::Openai, OPENAI_KEY).await?;
        let anthropic = FakeProvider::start(Vendor::Anthropic, ANTHROPIC_KEY).await?;
        let key = Key::new(1);
        let config = usual(&openai, &anthropic, &key);
        let config = change(config, &openai, &anthropic);
        let weir = launch(Setup::new(BINARY, &config.yaml())).start().await?;
        let caller = Caller::new(&weir.gateway(), key.whole());
        Ok(Self { openai, anthropic, weir, key, caller })
    }

    pub(crate) fn fake(&self, vendor: Vendor) -> &FakeProvider {
        match vendor {
            Vendor::Openai => &self.openai,
            Vendor::Anthropic => &self.anthropic,
        }
    }

    /// Starts Weir again after its end; the caller follows to the new port.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.weir.restart().await?;
        self.caller = Caller::new(&self.weir.gateway(), self.key.whole());
        Ok(())
    }

    /// Asks in a dialect for the model route in front of a vendor.
    pub(crate) async fn ask(&self, caller: Vendor, provider: Vendor, fields: &Value) -> anyhow::Result<Answered> {
        let body = request(caller, route_to(provider), fields);
        self.caller
            .ask(caller, &body)
            .await
            .with_context(|| format!("{caller:?} caller, {provider:?} provider, {body}"))
    }
}

/// The usual configuration: both vendors, a model route in front of each, an application for everything.
pub(crate) fn usual(openai: &FakeProvider, anthropic: &FakeProvider, key: &Key) -> Config {
    Config::new()
        .provider("oai", openai, OPENAI_KEY)
        .provider("ant", anthropic, ANTHROPIC_KEY)
        .route("on-openai", &[("oai", "gpt-4o")])
        .route("on-anthropic", &[("ant", "claude-sonnet-4-5")])
        .application("app", key)
}

/// The name of the model route in front of a vendor.
pub(crate) fn route_to(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Openai => "on-openai",
        Vendor::Anthropic => "on-anthropic",
    }
}

/// A request in a dialect; `fields` overrides the least one.
pub(crate) fn request(dialect: Vendor, model: &str, fields: &Value) -> Value {
    let mut body = match dialect {
        Vendor::Openai => json!({"model": model, "messages": user("Hello there")}),
        Vendor::Anthropic => json!({"model": model, "max_tokens": 1000, "messages": user("Hello there")}),
    };
    for (name, value) in fields.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// One user turn.
pub(crate) fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

/// What asks for a stream with usage at its end.
pub(crate) fn streamed(dialect: Vendor) -> Value {
    match dialect {
        Vendor::Openai => json!({"stream": true, "stream_options": {"include_usage": true}}),
        Vendor::Anthropic => json!({"stream": true}),
    }
}

/// All fields of both.
pub(crate) fn both(first: &Value, second: &Value) -> Value {
    let mut all = first.clone();
    for (name, value) in second.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    all
}

/// A tool that takes a city, in a dialect.
pub(crate) fn weather_tool(dialect: Vendor) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let (name, description) = ("get_weather", "The weather in a city");
    match dialect {
        Vendor::Openai => {
            json!({"type": "function", "function": {"name": name, "description": description, "parameters": schema}})
        }
        Vendor::Anthropic => json!({"name": name, "description": description, "input_schema": schema}),
    }
}

/// The dialect's word for a way to stop.
pub(crate) fn stop_word(dialect: Vendor, openai: &'static str, anthropic: &'static str) -> &'static str {
    match dialect {
        Vendor::Openai => openai,
        Vendor::Anthropic => anthropic,
    }
}
