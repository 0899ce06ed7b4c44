//! Any whole answer of a provider, for a caller of each dialect: an error that says something, or a body that is JSON and
//! names the usage of the ledger. What could have come as a stream says the same as a stream.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_llm::{Answer, AnswerContext, AnswerError, Pricing, StreamTranslator, answer, bound};

use crate::context::{DIALECTS, FORMATS, Flat, check_size, check_tokens, check_usage, context, json, pick, usage_in};
use crate::model_answer::{Content, as_stream, content_of_stream, content_of_whole};

/// The first byte chooses the provider's format; then its answer.
pub fn check(data: &[u8]) {
    let Some((format, body)) = data.split_first() else { return };
    let upstream = pick(&FORMATS, *format);
    let body = Bytes::copy_from_slice(body);
    let plain = serde_json::from_slice::<Value>(&body).ok();
    let twin = plain.as_ref().and_then(|plain| as_stream(upstream, plain));
    for inbound in DIALECTS {
        let context = context(upstream, inbound);
        check_whole(&context, &body);
        if let (Some(plain), Some(stream)) = (&plain, &twin) {
            check_twin(&context, &Bytes::from(plain.to_string()), stream);
        }
    }
}

fn check_whole(context: &AnswerContext, body: &Bytes) {
    let made = match answer(context, body, &Flat) {
        Ok(made) => made,
        Err(AnswerError::Malformed(problem)) => return assert!(!problem.is_empty()),
        Err(AnswerError::Provider(error)) => {
            return assert!(!error.message.is_empty() && (400..600).contains(&error.caller_status(context.inbound)));
        }
    };
    check_tokens(&made.usage);
    check_size(&made.body, body);
    assert_eq!(made.cost, Flat.cost(&made.usage));
    let _ = bound(context.inbound, &made);
    let told = json(&made.body);
    if context.upstream.dialect() == Some(context.inbound) {
        // Within a dialect the provider's own numbers stand, even those that do not add up.
        assert!(made.dropped.is_empty());
    } else if let Some(told) = told {
        check_usage(context.inbound, usage_in(context.inbound, &told), &made.usage.tokens);
    }
}

/// Where both can be read, the stream costs and says what the whole answer does.
fn check_twin(context: &AnswerContext, body: &Bytes, stream: &[u8]) {
    let Ok(whole) = answer(context, body, &Flat) else { return };
    let mut translator = StreamTranslator::new(context.clone(), Arc::new(Flat));
    let mut out = BytesMut::new();
    if translator.push(stream, &mut out).and_then(|()| translator.finish(&mut out)).is_err() {
        return;
    }
    let told = String::from_utf8_lossy(&out);
    let shown = String::from_utf8_lossy(stream);
    assert_eq!(whole.usage, translator.usage(), "{shown}\nbecame\n{told}");
    assert_eq!(whole.finish, translator.finish_reason(), "{shown}\nbecame\n{told}");
    if context.inbound == Dialect::Openai && context.upstream != WireFormat::Openai {
        let (left, right): (Content, Content) = (content_of(&whole), content_of_stream(&told));
        assert_eq!(left, right, "{shown}\nbecame\n{told}");
    }
}

fn content_of(whole: &Answer) -> Content {
    json(&whole.body).map(|body| content_of_whole(&body)).unwrap_or_default()
}
