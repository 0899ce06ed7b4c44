//! From the upstream's whole answer to the caller's.

use bytes::Bytes;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::usage::Usage;

use crate::error::AnswerError;
use crate::pricing::{Cost, Pricing, splice_cost};
use crate::reply::{Ending, Finish, Piece, Reply};
use crate::splice::Splice;
use crate::tool_names::ToolNames;
use crate::usage::estimate;
use crate::wanted::Wanted;
use crate::{
    anthropic, bedrock, cohere, count_tokens, embeddings, gemini, ollama, openai, passed_on, rerank, responses,
};

/// What must be known of the call to read its answer, whole or streamed.
#[derive(Clone, Debug)]
pub struct AnswerContext {
    /// `peek.operation`.
    pub operation: Operation,
    /// What the provider speaks.
    pub upstream: WireFormat,
    /// What the caller speaks.
    pub inbound: Dialect,
    /// Whether the caller asked for usage in the stream: `peek.include_usage == Some(true)`. Only OpenAI streams ask.
    pub include_usage: bool,
    /// `peek.json_array`.
    pub json_array: bool,
    /// `peek.estimated_input`, for an answer that comes without usage.
    pub estimated_input: u64,
    /// Seconds since 1970, for the `created` of a translated answer.
    pub created: u64,
    /// A unique id (the request's) from which ids are made where the upstream gives none.
    pub request_id: String,
    /// `tool_names` of the request that is answered.
    pub tool_names: ToolNames,
    /// `wanted` of the request that is answered.
    pub wanted: Wanted,
}

/// An answer in the caller's dialect, and what is worth knowing of it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The JSON body.
    pub body: Bytes,
    /// What was consumed.
    pub usage: Usage,
    /// What that costs; `None` when the price is unknown.
    pub cost: Option<NanoUsd>,
    /// Why the model stopped.
    pub finish: Option<Finish>,
    /// The model that the provider says answered.
    pub upstream_model: Option<String>,
    /// The provider's id of the answer.
    pub response_id: Option<String>,
    /// What was left out because the caller's dialect has no place for it, such as `content[].citations`: paths in the
    /// provider's answer, of a fixed set, each once. Empty within one dialect.
    pub dropped: Vec<&'static str>,
}

/// Reads a whole answer with status 200 and renders it for the caller, with `usage.cost`. Within one dialect every
/// other byte is the provider's.
///
/// # Errors
/// The body is not an answer of the upstream's dialect, or it is an error in spite of its status.
pub fn answer(context: &AnswerContext, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    let text = std::str::from_utf8(body).map_err(|_| AnswerError::Malformed("it is not UTF-8".into()))?;
    match context.operation {
        operation if context.wanted.chats(operation) => {}
        Operation::Embeddings => return embeddings::answer(context, text, body, pricing),
        Operation::Rerank => return rerank::answer(context, text, body, pricing),
        Operation::CountTokens => return count_tokens::answer(context, text, body),
        _ => return passed_on::answer(context, text, body, pricing),
    }
    let completes = context.operation == Operation::Completion;
    if context.upstream.dialect() == Some(context.inbound) && !completes {
        return forward(context, text, body, pricing);
    }
    let mut reply = read(context, text)?;
    for piece in &mut reply.pieces {
        if let Piece::ToolUse { name, .. } = piece {
            *name = context.tool_names.callers(std::mem::take(name));
        }
    }
    let usage = reply.sighted.complete(context.estimated_input, estimate(reply.text_bytes()));
    let cost = pricing.cost(&usage);
    let finish = Some(reply.settled_finish());
    let (upstream_model, response_id) = (owned(reply.model.as_deref()), owned(reply.id.as_deref()));
    if completes && openai::write_completion::reasons(&reply) {
        reply.dropped.note(openai::write_completion::REASONING);
    }
    let dropped = reply.dropped.names();
    reply.model = context.wanted.model(reply.model);
    let body = match context.inbound {
        _ if completes => openai::write_completion::write(&reply, context, &usage, Cost(cost)),
        Dialect::Openai => openai::write_answer::write(reply, context, &usage, Cost(cost)),
        Dialect::Anthropic => anthropic::write_answer::write(reply, context, &usage, Cost(cost)),
        Dialect::Responses => responses::write_answer::write(reply, context, &usage, Cost(cost)),
        Dialect::Gemini => gemini::write_answer::write(reply, context, &usage, Cost(cost)),
    }
    .map_err(|fault| AnswerError::Malformed(fault.to_string()))?;
    Ok(Answer { body: body.into(), usage, cost, finish, upstream_model, response_id, dropped })
}

fn read<'a>(context: &AnswerContext, text: &'a str) -> Result<Reply<'a>, AnswerError> {
    match context.upstream {
        WireFormat::Openai => openai::read_answer::read(text, context.wanted.search),
        WireFormat::Anthropic => anthropic::read_answer::read(text),
        WireFormat::Gemini => gemini::read_answer::read(text, &context.request_id),
        WireFormat::Cohere => cohere::read_answer::read(text),
        WireFormat::Bedrock => bedrock::read_answer::read(text),
        WireFormat::Ollama => ollama::read_answer::read(text),
        WireFormat::Responses => responses::read_answer::read(text),
    }
}

/// Same dialect: only the top level is read, and the cost spliced in.
fn forward(context: &AnswerContext, text: &str, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    let head = match context.inbound {
        Dialect::Openai => openai::read_answer::read_head(text, context.wanted.search),
        Dialect::Anthropic => anthropic::read_answer::read_head(text),
        Dialect::Responses => responses::read_answer::read_head(text),
        Dialect::Gemini => gemini::read_answer::read_head(text),
    }?;
    let estimated_output = match head.sighted.output {
        Some(_) => 0,
        None => estimate(read(context, text)?.text_bytes()),
    };
    let mut answer = head.priced(context, (text, body), estimated_output, pricing);
    if context.inbound == Dialect::Responses {
        answer.body = context.wanted.ids.rewrite(answer.body);
    }
    Ok(answer)
}

/// What is read of an answer that is forwarded.
pub(crate) struct AnswerHead<'a> {
    pub(crate) id: Option<crate::wire::Text<'a>>,
    pub(crate) model: Option<crate::wire::Text<'a>>,
    pub(crate) ending: Ending,
    pub(crate) usage: Option<&'a serde_json::value::RawValue>,
    pub(crate) sighted: crate::usage::Sighted,
}

impl AnswerHead<'_> {
    /// The provider's answer but for the cost in its usage object.
    pub(crate) fn priced(
        &self,
        context: &AnswerContext,
        (text, body): (&str, &Bytes),
        estimated_output: u64,
        pricing: &dyn Pricing,
    ) -> Answer {
        let usage = self.sighted.complete(context.estimated_input, estimated_output);
        let cost = pricing.cost(&usage);
        let mut splice = Splice::default();
        if let Some(raw) = self.usage {
            splice_cost(&mut splice, text, raw, Cost(cost));
        }
        Answer {
            body: splice.apply(body),
            usage,
            cost,
            finish: self.ending.settled(),
            upstream_model: owned(self.model.as_deref()),
            response_id: owned(self.id.as_deref()),
            dropped: Vec::new(),
        }
    }
}

/// The ids of reasoning in a whole answer that only the account that gave it can read: as
/// [`StreamTranslator::bound`](crate::StreamTranslator::bound).
#[must_use]
pub fn bound(inbound: Dialect, answer: &Answer) -> Vec<String> {
    // Within its own dialect the ids themselves tell the account.
    if inbound == Dialect::Responses { Vec::new() } else { responses::sealed::bound_ids(&answer.body) }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

#[cfg(test)]
mod tests;
