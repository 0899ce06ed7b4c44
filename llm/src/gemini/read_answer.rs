//! Reads a whole answer of `generateContent`.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::Units;

use super::usage;
use crate::answer::AnswerHead;
use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::reply::{Ending, Finish, Piece, Reply, call_id};
use crate::sealed_id;
use crate::usage::Sighted;
use crate::wire::{Raw, Text, record};

record! {
    /// An answer, and each event of a stream.
    Response {
        "candidates" candidates: Vec<Candidate<'a>>,
        "promptFeedback" prompt_feedback: PromptFeedback<'a>,
        "usageMetadata" usage: &'a RawValue,
        "modelVersion" model: Text<'a>,
        "responseId" id: Text<'a>,
        "createTime" create_time: IgnoredAny,
        "modelStatus" model_status: IgnoredAny,
        "error" error: &'a RawValue,
    }
}

record! {
    /// Why nothing was answered.
    PromptFeedback {
        "blockReason" block_reason: Text<'a>,
        "safetyRatings" safety_ratings: IgnoredAny,
        "blockReasonMessage" block_reason_message: IgnoredAny,
    }
}

record! {
    Candidate {
        "content" content: Content<'a>,
        "finishReason" finish_reason: Text<'a>,
        "finishMessage" finish_message: IgnoredAny,
        "index" index: u64,
        "safetyRatings" safety_ratings: IgnoredAny,
        "avgLogprobs" avg_logprobs: IgnoredAny,
        "tokenCount" token_count: IgnoredAny,
        "citationMetadata" citations: &'a RawValue,
        "groundingMetadata" grounding: &'a RawValue,
        "urlContextMetadata" url_context: &'a RawValue,
        "logprobsResult" logprobs: &'a RawValue,
    }
}

record! {
    Content {
        "role" role: IgnoredAny,
        "parts" parts: Vec<Part<'a>>,
    }
}

record! {
    Part {
        "text" text: Text<'a>,
        "thought" thought: bool,
        "thoughtSignature" signature: Text<'a>,
        "functionCall" call: FunctionCall<'a>,
        "inlineData" inline_data: IgnoredAny,
        "fileData" file_data: IgnoredAny,
        "executableCode" executable_code: IgnoredAny,
        "codeExecutionResult" code_result: IgnoredAny,
        "toolCall" tool_call: IgnoredAny,
        "toolResponse" tool_response: IgnoredAny,
    }
}

record! {
    FunctionCall {
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "args" args: &'a RawValue,
    }
}

/// The name of what is left out of an answer with several candidates.
pub(super) const OTHER_CANDIDATES: &str = "candidates[1..]";

/// Notes what stands beside a candidate's content.
pub(super) fn drop_of_candidate(dropped: &mut DroppedParts, candidate: &Candidate<'_>) {
    for (field, name) in [
        (candidate.citations, "candidates[].citationMetadata"),
        (candidate.grounding, "candidates[].groundingMetadata"),
        (candidate.url_context, "candidates[].urlContextMetadata"),
        (candidate.logprobs, "candidates[].logprobsResult"),
    ] {
        dropped.note_filled(field, name);
    }
    dropped.note_unknown(&candidate.extra, "candidates[].*");
    for part in candidate.content.iter().flat_map(|content| content.parts.iter().flatten()) {
        for (is_there, name) in [
            (part.inline_data.is_some(), "candidates[].content.parts[].inlineData"),
            (part.file_data.is_some(), "candidates[].content.parts[].fileData"),
            (part.executable_code.is_some(), "candidates[].content.parts[].executableCode"),
            (part.code_result.is_some(), "candidates[].content.parts[].codeExecutionResult"),
            (part.tool_call.is_some(), "candidates[].content.parts[].toolCall"),
            (part.tool_response.is_some(), "candidates[].content.parts[].toolResponse"),
        ] {
            if is_there {
                dropped.note(name);
            }
        }
        let of_call = part.call.iter().flat_map(|call| &call.extra);
        if !part.extra.is_empty() || of_call.count() > 0 {
            dropped.note("candidates[].content.parts[].*");
        }
    }
}

/// What a part is, in neutral pieces. `ordinal` counts the calls of the answer.
pub(super) fn read_part<'a>(part: Part<'a>, request_id: &str, ordinal: &mut usize, take: &mut dyn FnMut(Piece<'a>)) {
    let signature = part.signature.unwrap_or_default();
    if let Some(call) = part.call {
        // Gemini 2 gives no ids; with one, its signature has what carries it.
        let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| call_id(request_id, *ordinal).into());
        *ordinal += 1;
        let input = call.args.map_or_else(Raw::empty_object, Raw::Borrowed);
        let id = Some(sealed_id::seal(id, &signature));
        take(Piece::ToolUse { id, name: call.name.unwrap_or_default(), input });
        return;
    }
    if let Some(text) = part.text.filter(|text| !text.is_empty()) {
        take(match part.thought {
            Some(true) => Piece::Thinking { text, signature: Text::default() },
            _ => Piece::Text(text),
        });
    }
    if !signature.is_empty() {
        take(Piece::RedactedThinking { data: sealed_id::loose(&signature).into() });
    }
}

/// Usage, with the searches that stand beside tokens.
pub(super) fn sighted(usage: Option<&RawValue>, searched: Units, last: bool) -> Sighted {
    let sighted = usage.map(|raw| usage::read(raw, last)).unwrap_or_default();
    Sighted { units: searched, ..sighted }
}

/// What tools of Google's did for an answer of which only its candidates' grounding is read.
pub(crate) fn tools(candidates: &RawValue, model: Option<&str>) -> Units {
    #[derive(Deserialize)]
    struct Grounded<'a> {
        #[serde(borrow, default, rename = "groundingMetadata")]
        grounding: Option<&'a RawValue>,
    }
    let candidates: Vec<Grounded<'_>> = serde_json::from_str(candidates.get()).unwrap_or_default();
    let searched = candidates.iter().map(|candidate| usage::searches(candidate.grounding, model));
    searched.into_iter().find(|units| !units.is_empty()).unwrap_or_default()
}

fn parse(text: &str) -> Result<Response<'_>, AnswerError> {
    let response: Response<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(WireFormat::Gemini, response.error)?;
    let blocked = response.prompt_feedback.as_ref().is_some_and(|feedback| feedback.block_reason.is_some());
    if response.candidates.as_ref().is_none_or(Vec::is_empty) && !blocked {
        return Err(AnswerError::Malformed("it has no candidates".into()));
    }
    Ok(response)
}

/// Whether a tool is called: Google says `STOP` all the same.
fn calls(content: &Content<'_>) -> bool {
    content.parts.iter().flatten().any(|part| part.call.is_some())
}

/// Reads what a forwarded answer must tell.
///
/// # Errors
/// It is no answer of this dialect, or it is an error.
pub(crate) fn read_head(text: &str) -> Result<AnswerHead<'_>, AnswerError> {
    let response = parse(text)?;
    let first = response.candidates.as_ref().and_then(|list| list.first());
    let searched = usage::searches(first.and_then(|candidate| candidate.grounding), response.model.as_deref());
    let called = first.and_then(|candidate| candidate.content.as_ref()).is_some_and(calls);
    let finish = |candidate: &Candidate<'_>| candidate.finish_reason.as_deref().map(read_finish);
    let finish = first.map_or(Some(Finish::ContentFilter), finish);
    Ok(AnswerHead {
        ending: Ending { finish, called_tool: called, refused: false },
        sighted: sighted(response.usage, searched, true),
        id: response.id,
        model: response.model,
        usage: response.usage,
    })
}

/// Reads a whole answer; of several candidates the first. A prompt that was blocked has an answer without content.
///
/// # Errors
/// It is no answer of this dialect, or it is an error.
pub(crate) fn read<'a>(text: &'a str, request_id: &str) -> Result<Reply<'a>, AnswerError> {
    let response = parse(text)?;
    let mut dropped = DroppedParts::default();
    dropped.note_unknown(&response.extra, "*");
    let mut candidates = response.candidates.unwrap_or_default().into_iter();
    let first = candidates.next();
    if candidates.next().is_some() {
        dropped.note(OTHER_CANDIDATES);
    }
    let blocked = first.is_none();
    let candidate = first.unwrap_or_default();
    drop_of_candidate(&mut dropped, &candidate);
    let searched = usage::searches(candidate.grounding, response.model.as_deref());
    let (mut pieces, mut ordinal) = (Vec::new(), 0);
    for part in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
        read_part(part, request_id, &mut ordinal, &mut |piece| append(&mut pieces, piece));
    }
    let finish = candidate.finish_reason.map(|reason| read_finish(&reason));
    Ok(Reply {
        id: response.id,
        model: response.model,
        pieces,
        finish: if blocked { Some(Finish::ContentFilter) } else { finish },
        stop_sequence: None,
        sighted: sighted(response.usage, searched, true),
        dropped,
    })
}

/// Parts of one text are one piece, as they are in a stream.
fn append<'a>(pieces: &mut Vec<Piece<'a>>, piece: Piece<'a>) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(last)), Piece::Text(more)) => last.0.to_mut().push_str(&more),
        (Some(Piece::Thinking { text, .. }), Piece::Thinking { text: more, .. }) => text.0.to_mut().push_str(&more),
        (_, piece) => pieces.push(piece),
    }
}

/// Reads a `finishReason`; one that is not known is the harmless `stop` (rule 29).
/// Source: <https://ai.google.dev/api/generate-content#FinishReason>.
pub(super) fn read_finish(reason: &str) -> Finish {
    match reason {
        "MAX_TOKENS" | "CONTINUATION" => Finish::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "PUP_LIMITED_DISABLED" => Finish::ContentFilter,
        image if image.starts_with("IMAGE_") && image != "IMAGE_OTHER" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}
