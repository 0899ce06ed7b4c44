//! Names of tools that the upstream's dialect does not take: others in their place for the upstream, the caller's own
//! in its answer.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use weir_domain::dialect::WireFormat;

use crate::exchange::{BlockKind, Exchange, ToolChoice};
use crate::wire::Text;

/// Bytes of a name made here: letters of the caller's name, `_`, and 16 digits that tell names apart. They fit into
/// every dialect.
const KEPT: usize = 47;

/// What the caller calls the tools of one request that the upstream knows under another name. Empty for most requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolNames(Option<Arc<HashMap<String, String>>>);

impl ToolNames {
    /// Gives a name that fits to every tool of the request whose own does not: where it is offered, where it is chosen,
    /// where it was called before. No two tools get one name, and the same request always gets the same names, which
    /// prompt caches ask for.
    pub(crate) fn fit(exchange: &mut Exchange<'_>, upstream: WireFormat) -> Self {
        let (mut taken, mut unfit) = (HashSet::new(), false);
        each(exchange, &mut |name| {
            if fits(name, upstream) {
                taken.insert(name.to_string());
            } else {
                unfit = true;
            }
        });
        if !unfit {
            return Self::default();
        }
        let mut made: HashMap<String, String> = HashMap::new();
        each(exchange, &mut |name| {
            if !fits(name, upstream) {
                let fitting = made.entry(name.to_string()).or_insert_with(|| free(name, &mut taken));
                *name = fitting.clone().into();
            }
        });
        Self(Some(Arc::new(made.into_iter().map(|(callers, upstreams)| (upstreams, callers)).collect())))
    }

    /// The caller's name for what the upstream calls `name`.
    pub(crate) fn callers<'a>(&self, name: Text<'a>) -> Text<'a> {
        match self.0.as_ref().and_then(|names| names.get(&*name)) {
            Some(callers) => callers.clone().into(),
            None => name,
        }
    }
}

/// Whether a dialect takes a name. An empty one is for the vendor to refuse.
/// Sources: <https://platform.openai.com/docs/api-reference/chat/create> (`tools[].function.name`),
/// <https://docs.anthropic.com/en/api/messages> (`tools[].name`),
/// <https://ai.google.dev/api/caching#FunctionDeclaration> (`name`),
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html> (`name`).
fn fits(name: &str, format: WireFormat) -> bool {
    let most = match format {
        WireFormat::Openai | WireFormat::Bedrock | WireFormat::Responses | WireFormat::Cohere | WireFormat::Ollama => {
            64
        }
        WireFormat::Anthropic => 128,
        WireFormat::Gemini => return name.len() <= 64 && name.bytes().all(is_plain) && !begins_oddly(name),
    };
    if format == WireFormat::Cohere {
        // A name as programs have it: <https://docs.cohere.com/v1/reference/chat> (`tools.name`).
        let begins = name.bytes().next().is_none_or(|first| !first.is_ascii_digit());
        return begins && name.len() <= most && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    }
    name.len() <= most && name.bytes().all(is_plain)
}

/// Whether a name begins as none of Google's may.
fn begins_oddly(name: &str) -> bool {
    name.starts_with(|c: char| !c.is_ascii_alphabetic() && c != '_')
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A name that fits, resembles the caller's, and is not taken; it is from now on.
fn free(name: &str, taken: &mut HashSet<String>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let digit = begins_oddly(name).then_some('_');
    let kept: String = digit.into_iter().chain(name.chars().map(plain)).take(KEPT).collect();
    // Two names of one hash are told apart by counting on; the table is finite, so this ends.
    let mut number = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
    loop {
        let candidate = format!("{kept}_{number:016x}");
        if taken.insert(candidate.clone()) {
            return candidate;
        }
        number = number.wrapping_add(1);
    }
}

/// Every name of a tool in a request.
fn each(exchange: &mut Exchange<'_>, visit: &mut dyn FnMut(&mut Text<'_>)) {
    for tool in &mut exchange.tools {
        visit(&mut tool.name);
    }
    if let Some(ToolChoice::Named(name)) = &mut exchange.tool_choice {
        visit(name);
    }
    for block in exchange.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        if let BlockKind::ToolUse { name, .. } = &mut block.kind {
            visit(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_made_here_fits_everywhere_and_is_never_another_tools() {
        let long = "mcp__server.with.dots__".repeat(4);
        let mut taken = HashSet::new();
        let first = free(&long, &mut taken);
        assert!(first.starts_with("mcp__server_with_dots__mcp__"), "{first}");
        for dialect in [WireFormat::Openai, WireFormat::Anthropic, WireFormat::Cohere, WireFormat::Ollama] {
            assert!(!fits(&long, dialect) && fits(&first, dialect), "{first}");
        }
        // Whoever names a tool as Weir would name another one takes nothing from it.
        let mut taken = HashSet::from([first.clone()]);
        let second = free(&long, &mut taken);
        assert!(second != first && fits(&second, WireFormat::Openai), "{second}");
        assert_eq!(free(&long, &mut HashSet::new()), first, "the same again");
        assert!(fits(&free("2-do", &mut taken), WireFormat::Cohere) && !fits("2do", WireFormat::Cohere));
        assert!(fits(&free("名前", &mut taken), WireFormat::Openai) && !fits("名前", WireFormat::Openai));
    }
}
