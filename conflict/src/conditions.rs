//! Conditional requests (RFC 9110 section 13): what the headers ask, and whether it holds.

use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, TRAILER, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use weir_domain::spec::ConditionHeader;

use crate::date::HttpDate;
use crate::malformed::Malformed;
use crate::tag::{EntityTag, TagList, trimmed};
use crate::validator::is_minted;

/// The conditions of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<TagList>,
    /// `If-None-Match`.
    pub if_none_match: Option<TagList>,
    /// `If-Unmodified-Since`; `None` also when it is no single date, as it must then be ignored.
    pub if_unmodified_since: Option<HttpDate>,
    /// `If-Modified-Since`; `None` also when it is no single date, as it must then be ignored.
    pub if_modified_since: Option<HttpDate>,
    /// `If-Range`.
    pub if_range: Option<IfRange>,
    /// Whether there is a `Range`.
    pub range: bool,
}

/// What `If-Range` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfRange {
    /// A tag.
    Tag(EntityTag),
    /// A date.
    Date(HttpDate),
    /// Neither, so that it never holds and the whole representation is sent.
    Unusable,
}

/// The target as it is now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Current<'a> {
    /// Whether it has a representation.
    pub exists: bool,
    /// For a read the tag of the representation that would be sent; for a write those of all current representations.
    pub tags: &'a [EntityTag],
    /// Its `Last-Modified`, where it has one.
    pub last_modified: Option<HttpDate>,
    /// The `Date` of the answer that said `last_modified`. A date of modification tells versions apart only if it is at
    /// least a second older than that (RFC 9110 section 8.8.2.2).
    pub date: Option<HttpDate>,
}

/// What the conditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The method is performed.
    Proceed,
    /// 304.
    NotModified,
    /// 412: this condition does not hold.
    Failed(ConditionHeader),
    /// The method is performed, and the whole representation sent although a range was asked for.
    IgnoreRange,
    /// There is nothing, the method would be answered with 404, and so it is: conditions count only where the plain
    /// answer would be 2xx or 412 (RFC 9110 section 13.2.1). To be answered without asking the upstream to perform it.
    Absent,
}

impl Conditions {
    /// Reads the conditions of a request.
    ///
    /// # Errors
    /// When `If-Match` or `If-None-Match` cannot be read. Dates that cannot be read are no fault: RFC 9110 sections
    /// 13.1.3 and 13.1.4 have them ignored.
    pub fn read(headers: &HeaderMap) -> Result<Self, Malformed> {
        Ok(Self {
            if_match: TagList::read(headers, &IF_MATCH)?,
            if_none_match: TagList::read(headers, &IF_NONE_MATCH)?,
            if_unmodified_since: single(headers, &IF_UNMODIFIED_SINCE).and_then(HttpDate::parse),
            if_modified_since: single(headers, &IF_MODIFIED_SINCE).and_then(HttpDate::parse),
            if_range: headers.contains_key(IF_RANGE).then(|| read_if_range(headers)),
            range: headers.contains_key(RANGE),
        })
    }

    /// Whether there are none that say anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.if_match.is_none()
            && self.if_none_match.is_none()
            && self.if_unmodified_since.is_none()
            && self.if_modified_since.is_none()
            && !(self.range && self.if_range.is_some())
    }

    /// Whether the request carries this one, readable.
    #[must_use]
    pub fn has(&self, header: ConditionHeader) -> bool {
        match header {
            ConditionHeader::IfMatch => self.if_match.is_some(),
            ConditionHeader::IfNoneMatch => self.if_none_match.is_some(),
            ConditionHeader::IfUnmodifiedSince => self.if_unmodified_since.is_some(),
        }
    }

    /// Whether `method` is performed (RFC 9110 section 13.2.2), for a request that would be answered with 2xx or 412
    /// without its conditions.
    #[must_use]
    pub fn evaluate(&self, method: &Method, current: &Current<'_>) -> Verdict {
        match *method {
            // Methods that select or change no representation have no use for conditions (section 13.2.1).
            Method::OPTIONS | Method::TRACE | Method::CONNECT => Verdict::Proceed,
            Method::GET | Method::HEAD if current.exists => self.evaluate_read(method == Method::GET, current),
            Method::GET | Method::HEAD => Verdict::Proceed,
            _ => match self.evaluate_write(current) {
                Verdict::Failed(_) if !current.exists && (method == Method::DELETE || method == Method::PATCH) => {
                    Verdict::Absent
                }
                verdict => verdict,
            },
        }
    }

    fn evaluate_read(&self, ranges: bool, current: &Current<'_>) -> Verdict {
        let matches = |wanted: &EntityTag| current.tags.iter().any(|tag| tag.strong_eq(wanted));
        if let Some(failed) = self.failed(current, matches) {
            return Verdict::Failed(failed);
        }
        let modified = match (&self.if_none_match, self.if_modified_since, current.last_modified) {
            (Some(TagList::Any), ..) => false,
            (Some(TagList::Tags(had)), ..) => !had.iter().any(|had| current.tags.iter().any(|tag| tag.weak_eq(had))),
            (None, Some(since), Some(last)) => last > since,
            _ => true,
        };
        match &self.if_range {
            _ if !modified => Verdict::NotModified,
            Some(condition) if ranges && self.range && !condition.holds(current) => Verdict::IgnoreRange,
            _ => Verdict::Proceed,
        }
    }

    fn evaluate_write(&self, current: &Current<'_>) -> Verdict {
        let matches = |wanted: &EntityTag| current.tags.iter().any(|tag| tag.matches_ignoring_coding(wanted));
        if let Some(failed) = self.failed(current, matches) {
            return Verdict::Failed(failed);
        }
        let clash = match &self.if_none_match {
            None => false,
            Some(TagList::Any) => current.exists,
            Some(TagList::Tags(named)) => {
                current.exists
                    && named.iter().any(|named| current.tags.iter().any(|t| t.weakly_matches_ignoring_coding(named)))
            }
        };
        if clash { Verdict::Failed(ConditionHeader::IfNoneMatch) } else { Verdict::Proceed }
    }

    /// Which of the conditions against lost updates does not hold: steps 1 and 2, the same for reads and writes.
    fn failed(&self, current: &Current<'_>, matches: impl Fn(&EntityTag) -> bool) -> Option<ConditionHeader> {
        match (&self.if_match, self.if_unmodified_since, current.last_modified) {
            (Some(TagList::Any), ..) if !current.exists => Some(ConditionHeader::IfMatch),
            (Some(TagList::Tags(tags)), ..) if !current.exists || !tags.iter().any(matches) => {
                Some(ConditionHeader::IfMatch)
            }
            (None, Some(since), Some(last)) if last > since => Some(ConditionHeader::IfUnmodifiedSince),
            _ => None,
        }
    }

    /// Whether any of `headers` said something of the target that could be checked. A date says nothing of a target
    /// without one and is ignored then (RFC 9110 section 13.1.4), so that the write would not be protected.
    #[must_use]
    pub fn protects(&self, headers: &[ConditionHeader], current: &Current<'_>) -> bool {
        headers.iter().any(|header| match header {
            ConditionHeader::IfUnmodifiedSince => {
                self.has(*header) && (self.if_match.is_some() || !current.exists || current.last_modified.is_some())
            }
            _ => self.has(*header),
        })
    }

    /// The tags of `If-Match`, or else of `If-None-Match`, as they are written: what a refusal calls `submitted`.
    #[must_use]
    pub fn submitted(&self) -> Vec<String> {
        let list = self.if_match.as_ref().or(self.if_none_match.as_ref());
        match (list, self.if_unmodified_since) {
            (Some(TagList::Any), _) => vec!["*".to_owned()],
            (Some(TagList::Tags(tags)), _) => tags.iter().map(EntityTag::to_string).collect(),
            (None, Some(date)) => vec![date.to_string()],
            (None, None) => Vec::new(),
        }
    }
}

impl IfRange {
    /// RFC 9110 section 13.1.5: the very same version, by a strong validator.
    fn holds(&self, current: &Current<'_>) -> bool {
        match self {
            Self::Tag(tag) => current.tags.iter().any(|current| current.strong_eq(tag)),
            Self::Date(date) => {
                let strong = current.date.is_some_and(|answered| answered.as_unix() > date.as_unix());
                strong && current.last_modified == Some(*date)
            }
            Self::Unusable => false,
        }
    }
}

/// The value of a header that stands in one line.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).iter();
    let only = lines.next()?;
    lines.next().is_none().then(|| only.as_bytes())
}

fn read_if_range(headers: &HeaderMap) -> IfRange {
    let Some(text) = single(headers, &IF_RANGE).map(trimmed) else { return IfRange::Unusable };
    match (EntityTag::parse(text), HttpDate::parse(text)) {
        (Some(tag), _) => IfRange::Tag(tag),
        (None, Some(date)) => IfRange::Date(date),
        (None, None) => IfRange::Unusable,
    }
}

/// Takes the tags that the gateway made out of conditions that go upstream, where nobody knows them; tags of the
/// upstream stay. A range that was asked for under such a condition goes with it, as the upstream cannot know whether it
/// still fits: the whole representation is always right.
pub fn strip_minted(headers: &mut HeaderMap) {
    for name in [IF_MATCH, IF_NONE_MATCH] {
        let Ok(Some(TagList::Tags(tags))) = TagList::read(headers, &name) else { continue };
        if !tags.iter().any(is_minted) {
            continue;
        }
        headers.remove(&name);
        let foreign: Vec<&EntityTag> = tags.iter().filter(|tag| !is_minted(tag)).collect();
        if let Some(value) = list(&foreign) {
            headers.insert(name, value);
        }
    }
    if headers.contains_key(IF_RANGE) && matches!(read_if_range(headers), IfRange::Tag(tag) if is_minted(&tag)) {
        headers.remove(IF_RANGE);
        headers.remove(RANGE);
    }
}

/// Tags as a header has them; `None` for none.
fn list(tags: &[&EntityTag]) -> Option<HeaderValue> {
    let mut text = Vec::new();
    for tag in tags {
        if !text.is_empty() {
            text.extend_from_slice(b", ");
        }
        tag.write(&mut text);
    }
    (!text.is_empty()).then(|| HeaderValue::from_bytes(&text).ok()).flatten()
}

/// What tells of the content that a 304 does not have.
const OF_CONTENT: [HeaderName; 13] = [
    CONTENT_TYPE,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    ACCEPT_RANGES,
    TRANSFER_ENCODING,
    TRAILER,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-disposition"),
];

/// The headers of a 304 (RFC 9110 section 15.4.5), from those of the 200 that it stands for: what tells of the content is
/// left out, `Last-Modified` stays only without `ETag`, all else stays.
#[must_use]
pub fn not_modified_headers(ok: &HeaderMap) -> HeaderMap {
    let tagged = ok.contains_key(ETAG);
    ok.iter()
        .filter(|(name, _)| !OF_CONTENT.contains(name) && (!tagged || **name != LAST_MODIFIED))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
