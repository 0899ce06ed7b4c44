//! Short texts on which access hangs: API keys and their hashes, path templates, AWS access keys and what they sign.

use weir_domain::aws::{AccessKey, Signed, is_region, region_of, sign};
use weir_domain::credential::{ENTROPY, KeyHash, generate, public_id};
use weir_domain::router::compile_template;
use weir_domain::secret::Secret;
use weir_domain::usage::ImageSize;

/// The first byte chooses what the rest is.
pub fn check(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 5 {
        0 => key(rest),
        1 => template(&String::from_utf8_lossy(rest)),
        2 => access_key(&String::from_utf8_lossy(rest)),
        3 => signature(rest),
        _ => region(&String::from_utf8_lossy(rest)),
    }
}

/// A key is read or refused; one of ours with a byte changed is no key.
fn key(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(id) = public_id(&text) {
        assert!(text.contains(id));
    }
    if let Some(hash) = KeyHash::from_hex(&text) {
        assert_eq!(hash.to_hex(), text);
    }
    let mut entropy = [0; ENTROPY];
    entropy.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
    let made = generate(&entropy);
    assert!(public_id(&made).is_some(), "{made}");
    let at = data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(7).wrapping_add(usize::from(*byte))) % made.len();
    let mut changed = made.into_bytes();
    changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
    assert_eq!(public_id(&String::from_utf8_lossy(&changed)), None);
}

/// A template's pattern has as many parameters as names.
fn template(text: &str) {
    match compile_template(text) {
        Ok((pattern, names)) => assert_eq!(pattern.matches('{').count(), names.len()),
        Err(reason) => assert!(!reason.is_empty()),
    }
}

/// What is wrong with an access key is told without the secret.
fn access_key(text: &str) {
    let Some(secret) = Secret::new(text.to_owned()) else { return };
    match AccessKey::read(&secret) {
        Ok(Some(key)) => assert!(key.id.bytes().all(|b| b.is_ascii_alphanumeric())),
        Ok(None) => assert!(!text.trim().starts_with('{')),
        Err(reason) => assert!(text.trim().len() < 80 || !reason.contains(text.trim())),
    }
}

/// A signature is one line of the form that AWS takes, and another body has another one.
fn signature(data: &[u8]) {
    let key = AccessKey {
        id: "AKIDEXAMPLE".to_owned(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()).expect("it is not empty"),
        session_token: None,
    };
    let (path, body) = data.split_at(data.len() / 2);
    let path = format!("/{}", String::from_utf8_lossy(path));
    let at = i64::try_from(data.len()).unwrap_or(0) * 1_000_003;
    let headers = [("host", "bedrock-runtime.eu-west-1.amazonaws.com")];
    let signed = |body| {
        let request = Signed {
            method: "POST",
            path: &path,
            headers: &headers,
            body,
            region: "eu-west-1",
            service: "bedrock",
            at,
        };
        let added = sign(&key, &request);
        let (_, value) = added.last().cloned().expect("it signs");
        value
    };
    let value = signed(body);
    let (_, hex) = value.rsplit_once("Signature=").expect("it holds the signature");
    assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()), "{value}");
    assert_ne!(value, signed(&[body, b"x"].concat()));
}

/// A region found in a host can be one; a size of an image is what it says.
fn region(text: &str) {
    if let Some(region) = region_of(text) {
        assert!(text.contains(region));
    }
    if is_region(text) {
        assert!(text.is_ascii() && text.len() <= 32);
    }
    if let Some(size) = ImageSize::parse(text) {
        assert_eq!(size.pixels(), u64::from(size.width) * u64::from(size.height));
    }
}
