//! Any answer of a provider, from either dialect to either dialect: an error that says something, or a body that is
//! JSON and names the usage of the ledger.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use weir_fuzz::{DIALECTS, Flat, check_usage, context, json, usage_in};
use weir_llm::{AnswerError, answer};

fuzz_target!(|data: &[u8]| {
    let body = Bytes::copy_from_slice(data);
    for upstream in DIALECTS {
        for inbound in DIALECTS {
            match answer(&context(upstream, inbound), &body, &Flat) {
                Ok(answer) => {
                    let told = json(&answer.body);
                    // Within a dialect the provider's own numbers stand, even those that do not add up.
                    if upstream != inbound
                        && let Some(told) = told
                    {
                        check_usage(inbound, usage_in(inbound, &told), &answer.usage.tokens);
                    }
                }
                Err(AnswerError::Malformed(problem)) => assert!(!problem.is_empty()),
                Err(AnswerError::Provider(error)) => assert!(!error.message.is_empty()),
            }
        }
    }
});
