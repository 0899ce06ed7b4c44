//! Configurations as a user writes them: documents of `kind`, `id`, `spec`.

use serde_json::{Value, json};

use crate::provider::FakeProvider;
use crate::rest::RestUpstream;

/// A configuration under construction.
#[derive(Clone, Debug, Default)]
pub struct Config {
    documents: Vec<Value>,
}

impl Config {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource, or replaces the one with this kind and id.
    #[must_use]
    pub fn with(mut self, kind: &str, id: &str, spec: &Value) -> Self {
        self.documents.retain(|d| d["kind"] != kind || d["id"] != id);
        self.documents.push(json!({"kind": kind, "id": id, "spec": spec}));
        self
    }

    /// As [`Self::with`], owned by a team other than the default one.
    #[must_use]
    pub fn owned(mut self, kind: &str, id: &str, team: &str, spec: &Value) -> Self {
        self = self.with(kind, id, spec);
        if let Some(last) = self.documents.last_mut() {
            last["team"] = json!(team);
        }
        self
    }

    /// Adds a provider that a fake stands for.
    #[must_use]
    pub fn provider(self, id: &str, fake: &FakeProvider, key: &str) -> Self {
        self.with("Provider", id, &provider(fake, key))
    }

    /// Adds a model route over targets of falling priority, each a provider and its model.
    #[must_use]
    pub fn route(self, id: &str, targets: &[(&str, &str)]) -> Self {
        let targets: Vec<Value> = targets
            .iter()
            .enumerate()
            .map(|(priority, (provider, model))| json!({"provider": provider, "model": model, "priority": priority}))
            .collect();
        self.with("ModelRoute", id, &json!({"targets": targets}))
    }

    /// Adds an application that may call everything, with one key.
    #[must_use]
    pub fn application(self, id: &str, key: &Key) -> Self {
        self.with("Application", id, &json!({"models": ["*"], "services": ["*"]})).key(id, key, &json!({}))
    }

    /// Adds a key of an application; `fields` beyond application and hash.
    #[must_use]
    pub fn key(self, application: &str, key: &Key, fields: &Value) -> Self {
        let mut spec = json!({"application": application, "hash": key.hash()});
        for (name, value) in fields.as_object().into_iter().flatten() {
            spec[name] = value.clone();
        }
        self.with("ApiKey", key.public_id(), &spec)
    }

    /// Adds a service at `base_path` in front of a fake upstream, and a route for all below it.
    #[must_use]
    pub fn service(self, id: &str, base_path: &str, upstream: &RestUpstream) -> Self {
        let target = json!({"targets": [{"url": upstream.url()}], "allow_private_address": true});
        self.with("Upstream", id, &target).with("Service", id, &json!({"base_path": base_path, "upstream": id})).with(
            "Route",
            &format!("{id}-all"),
            &json!({"service": id, "path": "/{*rest}"}),
        )
    }

    /// The text of the file. JSON is YAML.
    #[must_use]
    pub fn yaml(&self) -> String {
        let documents: Vec<String> =
            self.documents.iter().map(|d| serde_json::to_string_pretty(d).unwrap_or_default()).collect();
        documents.join("\n---\n")
    }
}

/// The `spec` of a provider that a fake stands for.
#[must_use]
pub fn provider(fake: &FakeProvider, key: &str) -> Value {
    let mut spec = fake.format().spec();
    spec["base_url"] = json!(fake.base_url());
    spec["keys"] = json!([{"id": "main", "secret": key}]);
    spec["allow_private_address"] = json!(true);
    spec
}

/// An API key of the documented format: `weir_<public id>_<secret><checksum>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key that is different for each `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        const BASE62: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut pick = |alphabet: &[u8]| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from((state >> 20) % alphabet.len() as u64).unwrap_or_default();
            char::from(alphabet[at])
        };
        let mut key = String::from("weir_");
        key.extend((0..16).map(|_| pick(BASE36)));
        key.push('_');
        key.extend((0..43).map(|_| pick(BASE62)));
        let mut check = crc32fast::hash(key.as_bytes());
        let mut digits = [0_u8; 6];
        for digit in digits.iter_mut().rev() {
            *digit = BASE62[(check % 62) as usize];
            check /= 62;
        }
        key.extend(digits.map(char::from));
        Self(key)
    }

    /// The whole key.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.0
    }

    /// The part that is also the id of the `ApiKey` resource.
    #[must_use]
    pub fn public_id(&self) -> &str {
        &self.0[5..21]
    }

    /// The part that nobody may ever see again.
    #[must_use]
    pub fn secret_part(&self) -> &str {
        &self.0[22..]
    }

    /// SHA-256 of the whole key, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        use sha2::{Digest, Sha256};
        Sha256::digest(self.0.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
    }
}
