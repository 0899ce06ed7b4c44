//! Compiles how a provider is reached: protocol, address, paths, quirks and token endpoint, the catalogue's where the
//! resource says nothing.

use super::address::{self, Path, is_public};
use crate::addressing::Addressing;
use crate::aws;
use crate::catalog::CatalogProvider;
use crate::fault::Fault;
use crate::quirks::Quirks;
use crate::resource::{Kind, Resource};
use crate::snapshot::Address;
use crate::spec::{self, Protocol};

/// How a provider is reached.
pub(super) struct Reach {
    pub(super) protocol: Protocol,
    pub(super) address: Option<Address>,
    pub(super) addressing: Addressing,
    pub(super) quirks: Quirks,
    pub(super) token_endpoint: Option<Address>,
}

/// What is said of a public address without TLS.
const PLAINTEXT: &str = "would send keys and prompts over the internet in the clear; use https://, or set \
                         allow_plaintext: true if that is meant";

/// Ends of addresses that vendors' examples give for one operation, and that no provider's own address has.
const OPERATIONS: [&str; 5] = ["/chat/completions", "/messages", "/responses", "/embeddings", ":generateContent"];

/// Faults of one provider.
struct Noted<'a> {
    id: &'a str,
    faults: &'a mut Vec<Fault>,
}

impl Noted<'_> {
    fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.faults.push(Fault::new(Kind::Provider, self.id, format!("spec.{field}"), problem.into()));
    }
}

/// Reads it; `entry` is the vendor's in the catalogue.
pub(super) fn reach(
    resource: &Resource,
    spec: &spec::Provider,
    entry: Option<&CatalogProvider>,
    faults: &mut Vec<Fault>,
) -> Reach {
    let mut noted = Noted { id: &resource.id, faults };
    let protocol = spec.protocol.or_else(|| entry.map(|entry| entry.protocol)).unwrap_or_else(|| {
        if spec.catalog.is_none() {
            noted.add("protocol", "missing; say what it speaks, such as openai, or name a catalogue entry in catalog");
        }
        Protocol::Demo
    });
    foreign_fields(protocol, spec, &mut noted);
    let quirks = spec.quirks.clone().or_else(|| entry.map(|entry| entry.quirks.clone())).unwrap_or_default();
    if let Err((field, problem)) = quirks.check() {
        noted.add(&format!("quirks.{field}"), problem);
    }
    let address = match protocol {
        Protocol::Demo => None,
        _ => address(protocol, spec, entry, &mut noted),
    };
    let token_endpoint = spec.token_url.as_deref().and_then(|text| {
        let read = address::parse(text, Path::Allowed, spec.allow_private_address);
        let read = read.map_err(|problem| noted.add("token_url", problem)).ok()?;
        if !read.tls && !is_private(&read) {
            noted.add("token_url", "would send the credential over the internet in the clear; use https://");
        }
        Some(read)
    });
    Reach { protocol, address, addressing: addressing(protocol, spec, &mut noted), quirks, token_endpoint }
}

/// Fields that say nothing to a protocol: a slip, or the wrong protocol.
fn foreign_fields(protocol: Protocol, spec: &spec::Provider, noted: &mut Noted<'_>) {
    let (azure, vertex) = (protocol == Protocol::Azure, protocol == Protocol::Vertex);
    for (field, given, fits, of) in [
        ("api_version", spec.api_version.is_some(), azure, "azure"),
        ("deployments", !spec.deployments.is_empty(), azure, "azure"),
        ("project", spec.project.is_some(), vertex, "vertex"),
        ("location", spec.location.is_some(), vertex, "vertex"),
        ("token_url", spec.token_url.is_some(), azure || vertex, "azure or vertex"),
    ] {
        if given && !fits {
            noted.add(field, format!("is for the protocol {of}; leave it out, or set protocol: {of}"));
        }
    }
}

fn address(
    protocol: Protocol,
    spec: &spec::Provider,
    entry: Option<&CatalogProvider>,
    noted: &mut Noted<'_>,
) -> Option<Address> {
    let text = base_url(protocol, spec, entry);
    if let Some(form) = entry.and_then(|entry| entry.base_url_form.as_ref()).filter(|_| text.is_empty()) {
        noted.add("base_url", format!("missing; at this vendor it holds what is yours: {form}"));
        return None;
    }
    match address::parse(&text, Path::Allowed, spec.allow_private_address) {
        Ok(mut address) => {
            if !address.tls && !spec.allow_plaintext && !is_private(&address) {
                noted.add("base_url", PLAINTEXT);
            }
            if let Some(path) = OPERATIONS.into_iter().find(|path| address.path.ends_with(path)) {
                let problem = format!("ends with {path}, which is added for each call; give the address before it");
                noted.add("base_url", problem);
            }
            if protocol == Protocol::Azure {
                // People copy it with the beginning of the path, which depends on the API's version.
                let path = address.path.trim_end_matches("/v1").trim_end_matches("/openai").len();
                address.path.truncate(path);
            }
            Some(address)
        }
        Err(problem) => {
            noted.add("base_url", problem);
            None
        }
    }
}

/// The address of a provider: its own, else the catalogue's, else that of its location.
pub(crate) fn base_url(protocol: Protocol, spec: &spec::Provider, entry: Option<&CatalogProvider>) -> String {
    if !spec.base_url.is_empty() {
        return spec.base_url.clone();
    }
    // An address is of the protocol that is spoken there.
    let listed = entry.filter(|entry| entry.protocol == protocol).map(|entry| entry.base_url.as_str());
    match listed.filter(|url| !url.is_empty()) {
        Some(url) => url.to_owned(),
        None if protocol == Protocol::Vertex => Addressing::vertex_address(location(spec)),
        None if protocol == Protocol::Bedrock => spec.region.as_deref().map(aws::bedrock_url).unwrap_or_default(),
        None => String::new(),
    }
}

fn location(spec: &spec::Provider) -> &str {
    spec.location.as_deref().unwrap_or("global")
}

fn addressing(protocol: Protocol, spec: &spec::Provider, noted: &mut Noted<'_>) -> Addressing {
    match protocol {
        Protocol::Azure => {
            let is_version =
                |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if spec.api_version.as_deref().is_some_and(|version| !is_version(version)) {
                noted.add("api_version", "is not a version such as 2024-10-21, preview or latest");
            }
            Addressing::Azure { api_version: spec.api_version.clone(), deployments: spec.deployments.clone() }
        }
        Protocol::Vertex => {
            let is_name =
                |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b));
            let project = spec.project.clone().unwrap_or_default();
            if !is_name(&project) {
                noted.add("project", "missing or not a project's id; give the one of your Google Cloud project");
            }
            let location = location(spec).to_owned();
            if !is_name(&location) || location.contains(['.', ':']) {
                noted.add("location", "is not a location such as europe-west1 or global");
            }
            Addressing::Vertex { project, location }
        }
        Protocol::Openai
        | Protocol::Anthropic
        | Protocol::Gemini
        | Protocol::Cohere
        | Protocol::Ollama
        | Protocol::Bedrock
        | Protocol::Demo => Addressing::Plain,
    }
}

/// Whether the operator says that an address lies in a private range, as far as the address does not say otherwise.
fn is_private(address: &Address) -> bool {
    address.allow_private && !address.host.parse().is_ok_and(is_public)
}
