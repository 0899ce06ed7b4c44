//! K1, K2: reads get a tag, and are answered with 304 or 412 where their conditions say so.

use bytes::{Bytes, BytesMut};
use http::header::{
    CONTENT_LENGTH, DATE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE, VARY,
};
use http::{Method, StatusCode};
use pingora_http::ResponseHeader;
use tokio::time::{Instant, timeout_at};
use weir_conflict::conditions::{Conditions, Current, Verdict, not_modified_headers, strip_minted};
use weir_conflict::date::HttpDate;
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::Version;
use weir_conflict::tag::EntityTag;
use weir_conflict::validator::Minted;
use weir_domain::spec::{Evaluate, HeadMode, Synthesize, Validators};

use super::asking::Asking;
use super::learnt::Learnt;
use super::run::{Run, Stop};
use super::source::Source;
use super::{deliver, join, tags, unanswered};

/// What says how long a body is or what is in it, and is wrong once the body is another.
const OF_BODY: [HeaderName; 4] = [
    CONTENT_LENGTH,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// Serves a GET or a HEAD.
pub(super) async fn serve(run: &mut Run<'_>, conditions: &Conditions) -> Result<(), Stop> {
    let policy = run.policy.clone();
    prepare(run);
    let version = version(run).await;
    let begun = std::time::Instant::now();
    let mut source = match join::ask(run).await {
        Ok(source) => source,
        Err(none) => return unanswered(run, none).await,
    };
    super::answered(run, source.head.status.as_u16(), begun);
    if source.head.status != StatusCode::OK {
        return pass(run, source).await;
    }
    let minted = match tag(run, &mut source, version.as_ref()).await? {
        Tagged::Tag(minted, body) => {
            learn(run, version.as_ref(), &source, &minted.tag).await;
            Some((minted, body))
        }
        Tagged::None => None,
    };
    if policy.conditional_reads && !conditions.is_empty() {
        let tag = minted.as_ref().map(|(minted, _)| minted.tag.clone());
        match judge(&source, conditions, run.method(), tag.as_ref()) {
            Verdict::NotModified => return not_modified(run, source, tag).await,
            Verdict::Failed(failed) => {
                let disclosed = tag.as_ref();
                let problem = run.condition_failed(failed, conditions, 412, disclosed);
                source.finish(run.state).await;
                return Err(problem.into());
            }
            Verdict::Proceed | Verdict::IgnoreRange | Verdict::Absent => {}
        }
    }
    match minted {
        Some((minted, Some(body))) => give(run, source, minted, body).await,
        Some((minted, None)) => {
            source.head.insert_header(ETAG, minted.tag.to_header_value())?;
            pass(run, source).await
        }
        None => pass(run, source).await,
    }
}

/// Passes the answer on; HEAD gets none of a body that was read for its tag.
async fn pass(run: &mut Run<'_>, mut source: Source) -> Result<(), Stop> {
    if *run.method() == Method::HEAD {
        source.bodiless = true;
    }
    deliver::pass(run, source).await
}

/// The request as the upstream is to see it: it knows nothing of our tags, and to make a tag all of the body is needed.
fn prepare(run: &mut Run<'_>) {
    let set = run.policy.validators.as_ref();
    let mints = set.is_some_and(|set| set.synthesize != Synthesize::Version);
    if *run.method() == Method::HEAD && mints && set.is_some_and(|set| set.head == HeadMode::AsGet) {
        run.request.set_method(Method::GET);
    }
    let mut headers = run.request.headers.clone();
    strip_minted(&mut headers);
    let ours = [IF_MATCH, IF_NONE_MATCH, IF_RANGE]
        .iter()
        .any(|name| run.request.headers.get_all(name).iter().ne(headers.get_all(name).iter()));
    for name in [IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE] {
        let gone = (ours && name == RANGE) || !headers.contains_key(&name);
        match headers.get(&name).filter(|_| !gone) {
            Some(value) => _ = run.request.insert_header(name, value.clone()),
            None => _ = run.request.remove_header(&name),
        }
    }
}

/// The version before the read, where tags are learnt or made of its number.
async fn version(run: &mut Run<'_>) -> Option<Version> {
    let policy = &run.policy;
    let guarded = policy.lost_update.is_some()
        || policy.preconditions.as_ref().is_some_and(|set| set.evaluate == Evaluate::Gateway);
    if !is_numbered(run) && !guarded {
        return None;
    }
    let (key, _) = run.named("resource", &policy.key);
    match run.store().version(&key).await {
        Ok(version) => (!version.dirty).then_some(version),
        Err(error) => {
            tracing::debug!(%error, "a read is not noted");
            None
        }
    }
}

fn is_numbered(run: &Run<'_>) -> bool {
    run.policy.validators.as_ref().is_some_and(|set| set.synthesize == Synthesize::Version)
}

/// Notes the tag of what was read: writers are checked against it. One of several representations is noted before the
/// caller has it, as what is read to check a write may be another one; else it is noted beside the answer. Two tags of one version are told to
/// the operator, where the upstream does not say that it has several representations.
async fn learn(run: &Run<'_>, version: Option<&Version>, source: &Source, tag: &EntityTag) {
    let Some(version) = version.filter(|_| !tag.is_weak() && !is_numbered(run)) else { return };
    let (generation, tag) = (version.generation, Learnt::of(run.headers(), &source.head.headers, tag).written());
    if version.tags.contains(&tag) {
        return;
    }
    if !version.tags.is_empty() && !source.head.headers.contains_key(VARY) {
        run.conflicts().metrics.unstable(&run.route.id);
    }
    let (key, _) = run.named("resource", &run.policy.key);
    let store = run.store();
    if source.head.headers.contains_key(VARY) {
        // If this fails, the caller's next write is refused and read anew: nothing is lost.
        _ = store.learn(&key, generation, &tag).await;
    } else {
        tokio::spawn(async move { store.learn(&key, generation, &tag).await });
    }
}

/// The tag of an answer, and its body where that was read for it.
enum Tagged {
    Tag(Minted, Option<Bytes>),
    None,
}

async fn tag(run: &mut Run<'_>, source: &mut Source, version: Option<&Version>) -> Result<Tagged, Stop> {
    let policy = run.policy.clone();
    if let Some(tag) = tags::upstreams(&policy, &source.head.headers) {
        return Ok(Tagged::Tag(Minted { tag, body: None }, None));
    }
    // What remains is malformed, or not to be used.
    source.head.remove_header(&ETAG);
    let Some(set) = policy.validators.as_ref() else { return Ok(Tagged::None) };
    if set.synthesize == Synthesize::Version {
        let minted = version.and_then(|v| tags::of_version(&policy, &source.head.headers, v.generation));
        return Ok(minted.map_or(Tagged::None, |minted| Tagged::Tag(minted, None)));
    }
    // What HEAD is answered with says nothing of the body; an empty body is one.
    if source.bodiless && run.request.method == Method::HEAD {
        return Ok(Tagged::None);
    }
    let held = if tags::is_holdable(set, &source.head.headers) { collect(run, source, set).await? } else { None };
    let Some(body) = held else {
        deliver::note_skip(run, "unbufferable");
        return Ok(Tagged::None);
    };
    match tags::of_answer(&policy, &source.head.headers, &body) {
        Some(minted) => Ok(Tagged::Tag(minted, Some(body))),
        None => {
            deliver::note_skip(run, "unsuitable");
            source.prefix.push_back(body);
            Ok(Tagged::None)
        }
    }
}

/// The whole body, if it is short and comes soon; else what came of it stays in the source.
async fn collect(run: &mut Run<'_>, source: &mut Source, set: &Validators) -> Result<Option<Bytes>, Stop> {
    let until = Instant::now() + set.max_wait_body.0;
    let most = set.max_body.as_len();
    let mut pieces: std::collections::VecDeque<Bytes> = Default::default();
    let mut length = 0;
    loop {
        let piece = run.unless_left(timeout_at(until, source.piece())).await?;
        let Ok(piece) = piece else { break };
        match piece? {
            None => return Ok(Some(joined(pieces, length))),
            Some(piece) => {
                length += piece.len();
                pieces.push_back(piece);
            }
        }
        if length > most {
            break;
        }
    }
    source.prefix = pieces;
    Ok(None)
}

fn joined(mut pieces: std::collections::VecDeque<Bytes>, length: usize) -> Bytes {
    if pieces.len() <= 1 {
        return pieces.pop_front().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(length);
    pieces.iter().for_each(|piece| all.extend_from_slice(piece));
    all.freeze()
}

fn judge(source: &Source, conditions: &Conditions, method: &Method, tag: Option<&EntityTag>) -> Verdict {
    let date = |name: HeaderName| source.head.headers.get(name).and_then(|value| HttpDate::parse(value.as_bytes()));
    let tags: Vec<EntityTag> = tag.cloned().into_iter().collect();
    let current = Current { exists: true, tags: &tags, last_modified: date(LAST_MODIFIED), date: date(DATE) };
    conditions.evaluate(method, &current)
}

async fn not_modified(run: &mut Run<'_>, mut source: Source, tag: Option<EntityTag>) -> Result<(), Stop> {
    if let Some(tag) = tag {
        source.head.insert_header(ETAG, tag.to_header_value())?;
    }
    let kept = not_modified_headers(&source.head.headers);
    let mut head = ResponseHeader::build(304, Some(kept.len() + 4))?;
    for (name, value) in &kept {
        head.append_header(name, value)?;
    }
    dated(&mut head)?;
    source.finish(run.state).await;
    run.did(Policy::ConditionalReads, "not_modified", &Act::new(Policy::ConditionalReads, "not-modified"));
    deliver::whole(run, head, Bytes::new()).await
}

/// Gives an answer whose body is here, whole.
async fn give(run: &mut Run<'_>, source: Source, minted: Minted, body: Bytes) -> Result<(), Stop> {
    let mut head = (*source.head).clone();
    let body = match minted.body {
        Some(other) => {
            OF_BODY.iter().for_each(|name| _ = head.remove_header(name));
            other
        }
        None => body,
    };
    head.insert_header(ETAG, minted.tag.to_header_value())?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    source.release(run.state).await;
    deliver::whole(run, head, body).await
}

/// An answer of ours says when it was given.
pub(super) fn dated(head: &mut ResponseHeader) -> Result<(), Stop> {
    if !head.headers.contains_key(DATE) {
        head.insert_header(DATE, HttpDate::now().to_header_value())?;
    }
    Ok(())
}
