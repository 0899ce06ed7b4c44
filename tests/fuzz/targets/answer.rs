//! Any answer of a provider, from either dialect to either dialect: an error, or a body that is JSON.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;
use weir_llm::{AnswerContext, Pricing, answer};

struct Flat;

impl Pricing for Flat {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        i64::try_from(usage.tokens.output_total()).ok().map(NanoUsd)
    }
}

fuzz_target!(|data: &[u8]| {
    for (upstream, inbound) in weir_fuzz_pairs() {
        let context = AnswerContext {
            upstream,
            inbound,
            include_usage: true,
            estimated_input: 7,
            created: 1,
            request_id: "fuzz".to_owned(),
        };
        if let Ok(answer) = answer(&context, &Bytes::copy_from_slice(data), &Flat) {
            serde_json::from_slice::<serde_json::Value>(&answer.body).expect("the caller's body is JSON");
        }
    }
});

fn weir_fuzz_pairs() -> [(Dialect, Dialect); 4] {
    use Dialect::{Anthropic, Openai};
    [(Openai, Openai), (Openai, Anthropic), (Anthropic, Openai), (Anthropic, Anthropic)]
}
