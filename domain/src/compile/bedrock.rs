//! What a provider of Amazon Bedrock needs beside the others: a region that its requests are signed for.

use crate::aws;
use crate::fault::Fault;
use crate::key_secret::KeySecret;
use crate::resource::{Kind, Resource};
use crate::snapshot::{Address, PoolKey};
use crate::spec::{self, Protocol};

/// The region that requests are signed for. Keys are checked before; an access key cannot sign without a region.
pub(super) fn region(
    resource: &Resource,
    protocol: Protocol,
    spec: &spec::Provider,
    address: Option<&Address>,
    keys: &[PoolKey],
    faults: &mut Vec<Fault>,
) -> String {
    let mut fault = |problem: &str| faults.push(Fault::new(Kind::Provider, &resource.id, "spec.region", problem));
    if protocol != Protocol::Bedrock {
        if spec.region.is_some() {
            fault("is for protocol: bedrock only; leave it out");
        }
        return String::new();
    }
    if let Some(region) = &spec.region {
        if !aws::is_region(region) {
            fault("is not a region; write one such as eu-central-1");
        }
        return region.clone();
    }
    if let Some(region) = address.and_then(|address| aws::region_of(&address.host)) {
        return region.to_owned();
    }
    if keys.iter().any(|key| matches!(key.secret, KeySecret::Access(_))) {
        fault("missing: the address does not name one, and requests are signed for it; write one such as eu-central-1");
    }
    String::new()
}
