//! Any event stream, cut anywhere, gives the same bytes and the same usage as uncut.
#![no_main]

use std::sync::Arc;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;
use weir_llm::{AnswerContext, Pricing, StreamTranslator};

struct Flat;

impl Pricing for Flat {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        i64::try_from(usage.tokens.output_total()).ok().map(NanoUsd)
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&cut, stream)) = data.split_first() else { return };
    for upstream in [Dialect::Openai, Dialect::Anthropic] {
        for inbound in [Dialect::Openai, Dialect::Anthropic] {
            let whole = run(upstream, inbound, stream, usize::MAX);
            let parts = run(upstream, inbound, stream, usize::from(cut) % 64 + 1);
            assert_eq!(whole, parts);
        }
    }
});

/// What reached the caller, whether it ended well, and the usage.
fn run(upstream: Dialect, inbound: Dialect, stream: &[u8], step: usize) -> (Vec<u8>, bool, Usage) {
    let context = AnswerContext {
        upstream,
        inbound,
        include_usage: true,
        estimated_input: 7,
        created: 1,
        request_id: "fuzz".to_owned(),
    };
    let mut translator = StreamTranslator::new(context, Arc::new(Flat));
    let mut out = BytesMut::new();
    for part in stream.chunks(step.min(stream.len().max(1))) {
        if translator.push(part, &mut out).is_err() {
            return (out.to_vec(), false, translator.usage());
        }
    }
    let ended = translator.finish(&mut out).is_ok();
    (out.to_vec(), ended, translator.usage())
}
