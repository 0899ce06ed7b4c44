//! A tool may have any name that the caller's own dialect takes: the vendor, which refuses names that it does not like,
//! is called with another, and the caller never sees that one.

use anyhow::Context;
use serde_json::{Value, json};
use weir_harness::provider::Vendor;

use crate::ai_chat::{heard_both_ways, with_results};
use crate::stand::{Stand, both, user, weather_tool};

fn named(caller: Vendor, name: &str) -> Value {
    let mut tool = weather_tool(caller);
    match caller {
        Vendor::Openai => tool["function"]["name"] = json!(name),
        Vendor::Anthropic => tool["name"] = json!(name),
    }
    tool
}

#[tokio::test]
async fn a_tool_of_any_name_is_called_and_answered_under_its_own() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    // 1 to 128 letters at Anthropic; dots and slashes where servers of OpenAI's dialect are lenient.
    let long = format!("mcp__weather_of_the_whole_world__{}", "get_".repeat(20));
    for (caller, provider, name) in
        [(Vendor::Anthropic, Vendor::Openai, long.as_str()), (Vendor::Openai, Vendor::Anthropic, "weather.v2/get")]
    {
        let question = "Compare the weather in Paris and Tokyo";
        let fields = json!({"messages": user(question), "tools": [named(caller, name)]});
        let heard = heard_both_ways(&stand, caller, provider, &fields).await?;
        let names: Vec<&str> = heard.tools.iter().map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(names, [name, name], "{caller:?} to {provider:?}");

        let results = with_results(caller, question, &heard, &["21 °C", "8 °C"]);
        let heard = heard_both_ways(&stand, caller, provider, &both(&fields, &json!({"messages": results}))).await?;
        assert!(heard.text.contains("21 °C") && heard.text.contains("8 °C"), "{}", heard.text);
        let arrived = stand.fake(provider).received().pop().context("nothing arrived")?;
        assert!(!String::from_utf8_lossy(&arrived.body).contains(name), "the vendor takes no such name");
        let answered = stand.ask(caller, provider, &fields).await?;
        assert_eq!(answered.header("x-weir-dropped-params"), None, "nothing is lost");
    }
    Ok(())
}
