//! The entity tag of a version of a resource: `"v3"`.

use weir_conflict::tag::EntityTag;

/// The tag of a version: strong.
pub(crate) fn of(version: i64) -> EntityTag {
    EntityTag::of_version(version)
}

/// The version that a tag of ours stands for; a weak one, or one of another form, is none of ours.
pub(crate) fn version(tag: &EntityTag) -> Option<i64> {
    let digits = std::str::from_utf8(tag.opaque()).ok()?.strip_prefix('v')?;
    let ours = !tag.is_weak() && digits.bytes().all(|b| b.is_ascii_digit());
    ours.then(|| digits.parse().ok()).flatten()
}
