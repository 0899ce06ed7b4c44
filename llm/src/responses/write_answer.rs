//! Writes a whole response.

use weir_domain::usage::Usage;

use super::items::{Ids, Item, Part, Standing, Status, Summary, settle};
use super::sealed;
use crate::answer::AnswerContext;
use crate::pricing::Cost;
use crate::reply::{Piece, Reply, call_id};

/// Writes the answer for a caller of this dialect.
///
/// # Errors
/// Only when a value does not serialise, which a read answer always does.
pub(crate) fn write(
    reply: Reply<'_>,
    context: &AnswerContext,
    usage: &Usage,
    cost: Cost,
) -> Result<Vec<u8>, serde_json::Error> {
    let finish = reply.settled_finish();
    let ids = Ids::new(reply.id.as_deref(), &context.request_id);
    let mut output = write_output(reply.pieces, &ids, &context.request_id);
    let (status, reason) = settle(finish, &output);
    if status == Status::Incomplete
        && let Some(last) = output.last_mut()
    {
        last.end(Status::Incomplete);
    }
    let standing = Standing {
        ids: &ids,
        model: reply.model.as_deref().unwrap_or_default(),
        status,
        reason,
        error: None,
        output: &output,
        usage: Some((usage, cost)),
    };
    let mut out = Vec::new();
    standing.write(context, &mut out)?;
    Ok(out)
}

/// Text that follows text is of one message.
fn write_output(pieces: Vec<Piece<'_>>, ids: &Ids, request_id: &str) -> Vec<Item> {
    let (mut output, mut calls): (Vec<Item>, usize) = (Vec::new(), 0);
    for piece in pieces {
        let index = output.len();
        match piece {
            Piece::Text(text) => match message(&mut output, ids) {
                Some(parts) => match parts.last_mut() {
                    Some(part @ Part::OutputText { .. }) => part.content().push_str(&text),
                    _ => parts.push(Part::text(&text)),
                },
                None => continue,
            },
            Piece::Refusal(text) => match message(&mut output, ids) {
                Some(parts) => parts.push(Part::refusal(&text)),
                None => continue,
            },
            Piece::Thinking { text, signature } => {
                let summary =
                    if text.is_empty() { Vec::new() } else { vec![Summary::SummaryText { text: text.to_string() }] };
                let encrypted_content = Some(sealed::seal_signature(&signature));
                output.push(Item::Reasoning { id: ids.item("rs_", index), summary, encrypted_content });
            }
            Piece::RedactedThinking { data } => {
                let encrypted_content = Some(sealed::seal_redacted(&data));
                output.push(Item::Reasoning { id: ids.item("rs_", index), summary: Vec::new(), encrypted_content });
            }
            Piece::ToolUse { id, name, input } => {
                let call_id = id.map_or_else(|| call_id(request_id, calls), |id| id.0.into_owned());
                calls += 1;
                let arguments = input.get().to_owned();
                let (id, status) = (ids.item("fc_", index), Status::Completed);
                output.push(Item::FunctionCall { id, status, call_id, name: name.0.into_owned(), arguments });
            }
        }
    }
    for item in &mut output {
        item.end(Status::Completed);
    }
    output
}

/// The parts of the message that stands last, or of a new one.
fn message<'o>(output: &'o mut Vec<Item>, ids: &Ids) -> Option<&'o mut Vec<Part>> {
    if !matches!(output.last(), Some(Item::Message { .. })) {
        output.push(Item::message(ids.item("msg_", output.len())));
    }
    match output.last_mut() {
        Some(Item::Message { content, .. }) => Some(content),
        _ => None,
    }
}
