//! Chat works in all four pairs of caller's and provider's dialect: plain and streamed, tools, images,
//! JSON schema, limits. The fakes refuse what the vendor refuses and tell what they understood.

use anyhow::Context;
use serde_json::{Value, json};
use weir_harness::chat::Heard;
use weir_harness::provider::Vendor;
use weir_harness::script::{Counts, Reply, Script, Wire};

use crate::stand::{DIALECTS, PNG, Stand, both, route_to, stop_word, streamed, user, weather_tool};

/// Asks whole and streamed, and returns what both mean after a check that it is the same.
pub(crate) async fn heard_both_ways(
    stand: &Stand,
    caller: Vendor,
    provider: Vendor,
    fields: &Value,
) -> anyhow::Result<Heard> {
    let place = || format!("{caller:?} caller, {provider:?} provider");
    let whole = stand.ask(caller, provider, fields).await?.heard(caller).with_context(place)?;
    let stream = both(fields, &streamed(caller));
    let answered = stand.ask(caller, provider, &stream).await?;
    let stream = answered.heard(caller).with_context(place)?;
    let bare = |mut heard: Heard| {
        heard.usage = heard.usage.map(|mut u| {
            u.reasoning = 0;
            u
        });
        // Ids of calls are made anew for each answer.
        heard.tools.iter_mut().for_each(|t| t.0.clear());
        heard
    };
    assert_eq!(bare(whole.clone()), bare(stream), "{}: whole and stream differ: {}", place(), answered.text());
    Ok(whole)
}

#[tokio::test]
async fn plain_chat_reaches_the_model_and_comes_back() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            let fields = match caller {
                Vendor::Openai => json!({"messages": [
                    {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße, 世界"}]}),
                Vendor::Anthropic => json!({"system": "Be brief.", "messages": user("Grüße, 世界")}),
            };
            let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
            assert_eq!(heard.text, "You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”.");
            assert_eq!(heard.stop, stop_word(caller, "stop", "end_turn"));
            assert!(heard.usage.is_some_and(|u| u.input > 0 && u.output > 0));
        }
    }
    Ok(())
}

#[tokio::test]
async fn answers_carry_what_happened_in_headers() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            for fields in [json!({}), streamed(caller)] {
                let answered = stand.ask(caller, provider, &fields).await?;
                let header = |name: &str| answered.header(name).unwrap_or_default().to_owned();
                assert_eq!(header("x-weir-request-id").len(), 36, "{:?}", answered.headers);
                assert_eq!(header("x-weir-attempts"), "1");
                let (id, model) = match provider {
                    Vendor::Openai => ("oai", "gpt-4o"),
                    Vendor::Anthropic => ("ant", "claude-sonnet-4-5"),
                };
                assert_eq!((header("x-weir-provider").as_str(), header("x-weir-model").as_str()), (id, model));
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn tools_are_called_in_parallel_and_their_results_come_back() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            let question = "Compare the weather in Paris and Tokyo";
            let fields = json!({"messages": user(question), "tools": [weather_tool(caller)]});
            let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
            let calls: Vec<_> = heard.tools.iter().map(|(_, name, input)| (name.as_str(), input.clone())).collect();
            assert_eq!(calls, [("get_weather", json!({"city": "Paris"})), ("get_weather", json!({"city": "Tokyo"}))]);
            assert_eq!(heard.stop, stop_word(caller, "tool_calls", "tool_use"));
            assert_ne!(heard.tools[0].0, heard.tools[1].0, "each call has an id of its own");

            let fields =
                both(&fields, &json!({"messages": with_results(caller, question, &heard, &["21 °C", "8 °C"])}));
            let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
            let expected = "get_weather returned “21 °C”. get_weather returned “8 °C”.";
            assert!(heard.text.ends_with(expected), "{caller:?} to {provider:?}: {}", heard.text);
        }
    }
    Ok(())
}

/// The conversation after the tools have run.
pub(crate) fn with_results(dialect: Vendor, question: &str, heard: &Heard, results: &[&str]) -> Value {
    let pairs = heard.tools.iter().zip(results);
    let mut messages = vec![json!({"role": "user", "content": question})];
    match dialect {
        Vendor::Openai => {
            let calls: Vec<Value> = heard
                .tools
                .iter()
                .map(|(id, name, input)| {
                    json!({"id": id, "type": "function", "function": {"name": name, "arguments": input.to_string()}})
                })
                .collect();
            messages.push(json!({"role": "assistant", "content": null, "tool_calls": calls}));
            messages.extend(pairs.map(|((id, _, _), r)| json!({"role": "tool", "tool_call_id": id, "content": r})));
        }
        Vendor::Anthropic => {
            let calls: Vec<Value> = heard
                .tools
                .iter()
                .map(|(id, name, input)| json!({"type": "tool_use", "id": id, "name": name, "input": input}))
                .collect();
            let results: Vec<Value> =
                pairs.map(|((id, _, _), r)| json!({"type": "tool_result", "tool_use_id": id, "content": r})).collect();
            messages.push(json!({"role": "assistant", "content": calls}));
            messages.push(json!({"role": "user", "content": results}));
        }
    }
    Value::Array(messages)
}

#[tokio::test]
async fn the_choice_of_tools_is_kept() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            let choices = match caller {
                Vendor::Openai => [
                    (json!({"tool_choice": "required"}), "Say something", 1),
                    (
                        json!({"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}),
                        "Say something",
                        1,
                    ),
                    (json!({"tool_choice": "none"}), "the weather in Paris", 0),
                    (json!({"parallel_tool_calls": false}), "the weather in Paris and Rome", 1),
                    (json!({"tool_choice": "auto"}), "the weather in Paris and Rome", 2),
                ],
                Vendor::Anthropic => [
                    (json!({"tool_choice": {"type": "any"}}), "Say something", 1),
                    (json!({"tool_choice": {"type": "tool", "name": "get_weather"}}), "Say something", 1),
                    (json!({"tool_choice": {"type": "none"}}), "the weather in Paris", 0),
                    (
                        json!({"tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
                        "the weather in Paris and Rome",
                        1,
                    ),
                    (json!({"tool_choice": {"type": "auto"}}), "the weather in Paris and Rome", 2),
                ],
            };
            for (choice, question, calls) in choices {
                let fields = both(&json!({"messages": user(question), "tools": [weather_tool(caller)]}), &choice);
                let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
                assert_eq!(heard.tools.len(), calls, "{caller:?} to {provider:?} with {choice}: {heard:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn images_are_seen() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let url = "https://example.com/cat.png";
    for provider in DIALECTS {
        for caller in DIALECTS {
            let content = match caller {
                Vendor::Openai => json!([
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}},
                    {"type": "image_url", "image_url": {"url": url}}]),
                Vendor::Anthropic => json!([
                    {"type": "text", "text": "What is this?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                    {"type": "image", "source": {"type": "url", "url": url}}]),
            };
            let fields = json!({"messages": [{"role": "user", "content": content}]});
            let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
            let seen = format!("I see image/png of 70 bytes and the image at {url}.");
            assert!(heard.text.contains(&seen), "{caller:?} to {provider:?}: {}", heard.text);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_json_schema_is_kept() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": false,
    });
    // OpenAI takes bounds, Anthropic refuses them.
    let mut bounded = schema.clone();
    bounded["properties"]["days"]["minimum"] = json!(1);
    for provider in DIALECTS {
        for caller in DIALECTS {
            let format = match caller {
                Vendor::Openai => json!({"response_format": {
                    "type": "json_schema", "json_schema": {"name": "trip", "strict": true, "schema": bounded}}}),
                Vendor::Anthropic => json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
            };
            let fields = both(&json!({"messages": user("Paris")}), &format);
            let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
            let answer: Value = serde_json::from_str(&heard.text)
                .with_context(|| format!("{caller:?} to {provider:?}: {:?}", heard.text))?;
            assert_eq!(answer, json!({"city": "Paris", "days": 7}));
            assert_eq!(heard.stop, stop_word(caller, "stop", "end_turn"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn limits_end_an_answer_as_they_do_at_the_vendor() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        for caller in DIALECTS {
            let heard = heard_both_ways(&stand, caller, provider, &json!({"max_tokens": 5})).await?;
            assert_eq!(heard.text, "You said “Hello th");
            assert_eq!(heard.stop, stop_word(caller, "length", "max_tokens"));
            let stop = json!({stop_word(caller, "stop", "stop_sequences"): ["there"]});
            let heard = heard_both_ways(&stand, caller, provider, &stop).await?;
            assert_eq!(heard.text, "You said “Hello ", "{caller:?} to {provider:?}");
            // OpenAI does not say that it was a stop sequence, so an Anthropic caller cannot learn it.
            let word = if provider == Vendor::Openai { "end_turn" } else { "stop_sequence" };
            assert_eq!(heard.stop, stop_word(caller, "stop", word));
        }
    }
    Ok(())
}

#[tokio::test]
async fn usage_means_the_same_in_every_pair() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let counts = Counts { input: 100, cache_read: 40, output: 20, reasoning: 5, ..Counts::default() };
    for provider in DIALECTS {
        for caller in DIALECTS {
            let reply = Reply { usage: Some(counts), ..Reply::text("Hi") };
            stand.fake(provider).next_times(2, Script::say(reply));
            let usage = heard_both_ways(&stand, caller, provider, &json!({})).await?.usage.context("no usage")?;
            assert_eq!((usage.input, usage.cache_read, usage.output), (140, 40, 25), "{caller:?} to {provider:?}");
        }
    }
    let written = Counts { input: 10, cache_read: 20, cache_write_5m: 30, cache_write_1h: 40, output: 5, reasoning: 0 };
    for caller in DIALECTS {
        let reply = Reply { usage: Some(written), ..Reply::text("Hi") };
        stand.anthropic.next_times(2, Script::say(reply));
        let usage = heard_both_ways(&stand, caller, Vendor::Anthropic, &json!({})).await?.usage.context("no usage")?;
        assert_eq!((usage.input, usage.cache_read, usage.output), (100, 20, 5), "{caller:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_openai_caller_gets_usage_in_a_stream_only_when_it_asks() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        let answered = stand.ask(Vendor::Openai, provider, &json!({"stream": true})).await?;
        let heard = answered.heard(Vendor::Openai)?;
        assert_eq!(heard.usage, None, "{provider:?}");
        assert!(!answered.text().contains(r#""choices":[]"#), "{provider:?}: {}", answered.text());
    }
    Ok(())
}

#[tokio::test]
async fn every_form_on_the_wire_means_the_same() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let reply = Reply { thinking: None, ..Reply::text("Grüße 🌍\nand \"more\"") };
    let forms = [
        Wire { crlf: true, ..Wire::default() },
        Wire { comments: true, ..Wire::default() },
        Wire { bom: true, ..Wire::default() },
        Wire { multi_line: true, ..Wire::default() },
        Wire { tight: true, ..Wire::default() },
        Wire { usage_twice: true, ..Wire::default() },
        Wire { cut_every: Some(1), ..Wire::default() },
        Wire {
            crlf: true,
            comments: true,
            bom: true,
            multi_line: true,
            tight: true,
            cut_every: Some(7),
            ..Wire::default()
        },
    ];
    for provider in DIALECTS {
        for caller in DIALECTS {
            for form in &forms {
                stand.fake(provider).next(Script::say(reply.clone()).on_wire(form.clone()));
                let answered = stand.ask(caller, provider, &streamed(caller)).await?;
                let heard = answered.heard(caller).with_context(|| format!("{caller:?} to {provider:?}, {form:?}"))?;
                assert_eq!(heard.text, reply.text);
                assert!(heard.usage.is_some_and(|u| u.output > 0), "{caller:?} to {provider:?}, {form:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_large_answer_passes() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let text = "Grüße 🌍 ".repeat(300_000);
    for provider in DIALECTS {
        for caller in DIALECTS {
            stand.fake(provider).next(Script::say(Reply::text(&text)));
            let heard = stand.ask(caller, provider, &json!({})).await?.heard(caller)?;
            assert!(heard.text == text, "{caller:?} to {provider:?}: {} bytes of {}", heard.text.len(), text.len());
        }
    }
    Ok(())
}

#[tokio::test]
async fn thinking_comes_with_its_signature_and_goes_back() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let thinking = json!({"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024}});
    let fields = both(&thinking, &json!({"messages": user("Think first")}));
    let (caller, provider) = (Vendor::Anthropic, Vendor::Anthropic);
    let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
    assert_eq!(heard.thinking, "The user said “Think first”. 想一想…");
    // The vendor refuses a thinking block whose signature is not its own.
    let turn = json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": heard.thinking, "signature": heard.signature},
        {"type": "text", "text": heard.text}]});
    let messages = json!([{"role": "user", "content": "Think first"}, turn, {"role": "user", "content": "Go on"}]);
    heard_both_ways(&stand, caller, provider, &both(&thinking, &json!({"messages": messages}))).await?;
    Ok(())
}

#[tokio::test]
async fn a_model_is_addressed_directly_by_its_provider() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for caller in DIALECTS {
        for (model, at_vendor, fake) in [
            ("oai/gpt-4o-mini", "gpt-4o-mini", &stand.openai),
            ("ant/claude-haiku-4-5", "claude-haiku-4-5", &stand.anthropic),
        ] {
            let body = crate::stand::request(caller, model, &json!({}));
            stand.caller.ask(caller, &body).await?.heard(caller)?;
            let arrived = fake.received().pop().context("nothing arrived")?;
            assert_eq!(arrived.json()["model"], at_vendor);
        }
    }
    Ok(())
}

#[tokio::test]
async fn models_are_listed_in_the_callers_dialect() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let client = weir_harness::client::client();
    let url = format!("{}/v1/models", stand.weir.gateway());
    let openai: Value = client.get(&url).bearer_auth(stand.key.whole()).send().await?.json().await?;
    assert_eq!(openai["object"], "list");
    let anthropic = client.get(&url).header("x-api-key", stand.key.whole()).header("anthropic-version", "2023-06-01");
    let anthropic: Value = anthropic.send().await?.json().await?;
    assert_eq!(anthropic["has_more"], false, "{anthropic}");
    for list in [&openai, &anthropic] {
        let ids: Vec<&str> = list["data"].as_array().into_iter().flatten().filter_map(|m| m["id"].as_str()).collect();
        for vendor in DIALECTS {
            assert!(ids.contains(&route_to(vendor)), "{list}");
        }
    }
    assert_eq!(client.get(&url).send().await?.status(), 401);
    Ok(())
}
