//! K3 and K4: whether the conditions of a write hold, judged right before it is performed (RFC 9110 section 13.2).

use http::header::{DATE, LAST_MODIFIED};
use http::{HeaderMap, Method};
use weir_conflict::conditions::{Conditions, Current, Verdict, strip_minted};
use weir_conflict::date::HttpDate;
use weir_conflict::status::{Act, Policy};
use weir_conflict::tag::EntityTag;
use weir_domain::snapshot::Preconditions;
use weir_domain::spec::{AlreadyApplied, Authority, Evaluate, OnError, VerifyWith};

use super::asking::Asking;
use super::fetch::{self, Reader};
use super::learnt::Learnt;
use super::lease::End;
use super::run::{Run, Stop};
use super::{deliver, tags};
use crate::upstream::upload::KEPT;

/// The conditions of the request, read; checked for what the route asks for.
///
/// # Errors
/// They cannot be read, or one is missing.
pub(super) fn read(run: &Run<'_>) -> Result<Conditions, Stop> {
    let status = run.policy.preconditions.as_ref().map_or(400, |set| set.malformed_status);
    let evaluates = run.policy.conditional_reads || run.policy.preconditions.is_some();
    if !evaluates {
        return Ok(Conditions::default());
    }
    let conditions = match Conditions::read(run.headers()) {
        Ok(conditions) => conditions,
        // What the upstream evaluates is the upstream's to refuse.
        Err(_) if !run.reads() && !is_gateways(run) => Conditions::default(),
        Err(fault) => return Err(run.malformed_condition(&fault, status).into()),
    };
    let Some(set) = run.policy.preconditions.as_ref() else { return Ok(conditions) };
    let method = run.method().as_str();
    let required = set.required.iter().any(|m| m.as_str() == method);
    if required && !set.any_of.iter().any(|header| run.headers().contains_key(super::problems::header_of(*header))) {
        return Err(run.condition_required(set).into());
    }
    Ok(conditions)
}

fn is_gateways(run: &Run<'_>) -> bool {
    run.policy.preconditions.as_ref().is_some_and(|set| set.evaluate == Evaluate::Gateway)
}

/// Judges the conditions of a write, under its lease.
///
/// # Errors
/// One does not hold or cannot be checked; or the answer has been given already.
pub(super) async fn judge(run: &mut Run<'_>, conditions: &Conditions) -> Result<(), Stop> {
    let policy = run.policy.clone();
    let Some(set) = policy.preconditions.as_ref().filter(|set| set.evaluate == Evaluate::Gateway) else {
        return Ok(());
    };
    if run.is_safe() {
        return Ok(());
    }
    let required = set.required.iter().any(|m| m.as_str() == run.method().as_str());
    if run.bypassed || (conditions.is_empty() && !required) {
        strip_minted_head(run);
        return Ok(());
    }
    let known = known_tags(run);
    match known {
        Some(tags) => {
            let current = Current { exists: true, tags: &tags, last_modified: None, date: None };
            weigh(run, set, conditions, &current, None).await?;
        }
        None => {
            let Some(read) = read_current(run, set).await? else { return Ok(()) };
            let exists = read.status == 200;
            let own = read.body.as_ref().and_then(|body| tags::of(run, &read.headers, body)).map(|minted| minted.tag);
            let own = own.or_else(|| tags::upstreams(&policy, &read.headers));
            if exists && own.is_none() && needs_tags(conditions) {
                return unverifiable(
                    run,
                    set,
                    "The current version has no entity tag: it is too long, or it is no JSON.",
                );
            }
            let tags = representations(run, set, conditions, own).await;
            let date =
                |name| read.headers.get(name).and_then(|value: &http::HeaderValue| HttpDate::parse(value.as_bytes()));
            let current = Current { exists, tags: &tags, last_modified: date(LAST_MODIFIED), date: date(DATE) };
            weigh(run, set, conditions, &current, Some(&read)).await?;
        }
    }
    let generation = run.held.lease.as_ref().and_then(|lease| lease.begun.as_ref()).map(|begun| begun.generation);
    let mut act = Act::new(Policy::Preconditions, "checked");
    if let Some(generation) = generation {
        act = act.generation(generation);
    }
    run.did(Policy::Preconditions, "passed", &act);
    strip_minted_head(run);
    Ok(())
}

/// Tags that are ours mean nothing to the upstream.
fn strip_minted_head(run: &mut Run<'_>) {
    let mut headers = run.request.headers.clone();
    strip_minted(&mut headers);
    for name in [http::header::IF_MATCH, http::header::IF_NONE_MATCH] {
        match headers.get(&name) {
            Some(value) => _ = run.request.insert_header(name, value.clone()),
            None => _ = run.request.remove_header(&name),
        }
    }
}

fn needs_tags(conditions: &Conditions) -> bool {
    use weir_conflict::tag::TagList;
    [&conditions.if_match, &conditions.if_none_match].iter().any(|list| matches!(list, Some(TagList::Tags(_))))
}

/// The tags that the store knows of the version that is written over, where its word counts.
fn known_tags(run: &Run<'_>) -> Option<Vec<EntityTag>> {
    let authority = run.policy.lost_update.as_ref().map(|set| set.authority).unwrap_or_default();
    let begun = run.held.lease.as_ref()?.begun.as_ref()?;
    if authority != Authority::Gateway || begun.dirty_before || begun.tags.is_empty() {
        return None;
    }
    Some(learnt(run).into_iter().map(|learnt| learnt.tag).collect())
}

/// What the store has learnt of the version that is written over; nothing where it may be another by now.
fn learnt(run: &Run<'_>) -> Vec<Learnt> {
    let begun = run.held.lease.as_ref().and_then(|lease| lease.begun.as_ref()).filter(|begun| !begun.dirty_before);
    begun.iter().flat_map(|begun| &begun.tags).filter_map(|text| Learnt::read(text)).collect()
}

/// All tags of the version that was read. The caller may hold that of another representation than the one that was read:
/// one that was seen of this version qualifies too, if it is still the current one of its kind.
async fn representations(
    run: &mut Run<'_>,
    set: &Preconditions,
    conditions: &Conditions,
    own: Option<EntityTag>,
) -> Vec<EntityTag> {
    let Some(own) = own else { return Vec::new() };
    let learnt = learnt(run);
    if learnt.iter().any(|learnt| learnt.tag == own) {
        return learnt.into_iter().map(|learnt| learnt.tag).collect();
    }
    let submitted = |tag: &EntityTag| {
        let lists = [&conditions.if_match, &conditions.if_none_match];
        lists.into_iter().flatten().any(|list| list.tags().iter().any(|named| named.matches_ignoring_coding(tag)))
    };
    let other = learnt.into_iter().find(|learnt| !learnt.selecting.is_empty() && submitted(&learnt.tag));
    let Some(other) = other else { return vec![own] };
    let read = fetch::variant(run, reader(set), &other.selecting).await.ok().filter(|read| read.status == 200);
    let tag = read.and_then(|read| tags::of(run, &read.headers, read.body.as_ref()?)).map(|minted| minted.tag);
    if tag.as_ref() == Some(&other.tag) { vec![own, other.tag] } else { vec![own] }
}

fn reader(set: &Preconditions) -> Reader {
    if set.verify_with == VerifyWith::Service { Reader::Service } else { Reader::Caller }
}

/// Reads the current version. `None` where the write goes on unchecked.
async fn read_current(run: &mut Run<'_>, set: &Preconditions) -> Result<Option<fetch::Current>, Stop> {
    let read = match fetch::current(run, reader(set)).await {
        Ok(read) => read,
        Err(_) => return unverifiable(run, set, "The current version could not be read.").map(|()| None),
    };
    match read.status {
        200 | 204 | 404 | 410 => Ok(Some(read)),
        401 | 403 | 407 => {
            let detail = "You may not read the resource, so your condition cannot be checked against it.";
            Err(run.unverifiable(412, detail).into())
        }
        _ => unverifiable(run, set, "The current version could not be read.").map(|()| None),
    }
}

fn unverifiable(run: &mut Run<'_>, set: &Preconditions, detail: &'static str) -> Result<(), Stop> {
    if set.on_error == OnError::Open {
        run.did(Policy::Preconditions, "bypass", &Act::bypassed(Policy::Preconditions));
        strip_minted_head(run);
        return Ok(());
    }
    Err(run.unverifiable(503, detail).into())
}

async fn weigh(
    run: &mut Run<'_>,
    set: &Preconditions,
    conditions: &Conditions,
    current: &Current<'_>,
    read: Option<&fetch::Current>,
) -> Result<(), Stop> {
    let failed = match conditions.evaluate(run.method(), current) {
        Verdict::Proceed | Verdict::NotModified | Verdict::IgnoreRange => {
            let required = set.required.iter().any(|m| m.as_str() == run.method().as_str());
            if required && !conditions.protects(&set.any_of, current) {
                return Err(run.condition_required(set).into());
            }
            return Ok(());
        }
        Verdict::Absent => return absent(run, read).await,
        Verdict::Failed(failed) => failed,
    };
    if set.already_applied == AlreadyApplied::Success && is_applied(run, read).await? {
        return applied(run).await;
    }
    let tag = current.tags.first().filter(|_| set.disclose_current);
    let mut problem = run.condition_failed(failed, conditions, set.mismatch_status, tag);
    if let Some(begun) = run.held.lease.as_ref().and_then(|lease| lease.begun.as_ref()) {
        problem = problem.with_generation(begun.generation);
        if let Some(at) = begun.changed_at {
            problem = problem.with_changed_at(at);
        }
    }
    Err(problem.into())
}

/// There is nothing: the method would be answered with 404, and so it is, in the upstream's own words.
async fn absent(run: &mut Run<'_>, read: Option<&fetch::Current>) -> Result<(), Stop> {
    let Some(read) = read else { return Ok(()) };
    answer_with(run, read.status, &read.headers, read.body.clone().unwrap_or_default()).await
}

/// Whether what is stored is what the request wants to store.
async fn is_applied(run: &mut Run<'_>, read: Option<&fetch::Current>) -> Result<bool, Stop> {
    if *run.method() == Method::DELETE {
        return Ok(read.is_some_and(|read| matches!(read.status, 404 | 410)));
    }
    let Some(body) = read.and_then(|read| read.body.clone()).filter(|_| *run.method() == Method::PUT) else {
        return Ok(false);
    };
    run.let_in().await?;
    run.upload.keep(body.len().max(KEPT));
    let whole = run.hold().await?;
    Ok(whole && run.upload.bytes().is_some_and(|sent| sent == body))
}

/// The request's outcome is there already. No tag is said: the caller may have another one (RFC 9110 section 13.1.1).
async fn applied(run: &mut Run<'_>) -> Result<(), Stop> {
    run.did(Policy::Preconditions, "already_applied", &Act::new(Policy::Preconditions, "already_applied"));
    answer_with(run, 204, &HeaderMap::new(), bytes::Bytes::new()).await
}

/// Answers in the upstream's place: nothing is written.
async fn answer_with(run: &mut Run<'_>, status: u16, headers: &HeaderMap, body: bytes::Bytes) -> Result<(), Stop> {
    let mut head = pingora_http::ResponseHeader::build(status, Some(headers.len()))?;
    for (name, value) in headers {
        head.append_header(name, value)?;
    }
    let tape = run.held.kept.as_ref().map(|kept| {
        let mut tape = kept.tape(&head);
        tape.piece(&body);
        tape
    });
    if let Some(lease) = run.held.lease.take() {
        lease.end(End::Undone, None).await;
    }
    deliver::finish(run, status, tape, headers).await;
    deliver::whole(run, head, body).await?;
    Err(Stop::Answered)
}
