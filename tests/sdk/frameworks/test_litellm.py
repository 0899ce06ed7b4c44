"""LiteLLM as a client, unchanged: its OpenAI, Anthropic and Gemini providers, pointed at the gateway."""

import json

import litellm
import pytest

from conftest import GATEWAY, KEY

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
QUESTION = [{"role": "user", "content": "Compare the weather in Paris and Tokyo"}]
TRIP = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


@pytest.fixture(params=["openai", "anthropic", "gemini"])
def where(request, model):
    """What makes LiteLLM speak a dialect to the gateway."""
    base = GATEWAY + {"openai": "/v1", "anthropic": "", "gemini": "/v1beta"}[request.param]
    return {"model": f"{request.param}/{model}", "api_base": base, "api_key": KEY, "num_retries": 0, "max_tokens": 500}


def test_completion(where):
    answer = litellm.completion(**where, messages=[{"role": "user", "content": "Grüße, 世界"}])
    assert answer.choices[0].message.content == "You said “Grüße, 世界” — 好的 🌍."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_stream_and_whole_say_and_cost_the_same(where):
    request = {**where, "messages": [{"role": "user", "content": "Hello there"}]}
    whole = litellm.completion(**request)
    text, usage = "", None
    for chunk in litellm.completion(**request, stream=True, stream_options={"include_usage": True}):
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = getattr(chunk, "usage", None) or usage
    assert text == whole.choices[0].message.content
    assert (usage.prompt_tokens, usage.completion_tokens) == (whole.usage.prompt_tokens, whole.usage.completion_tokens)


def test_parallel_tools_and_their_results(where):
    asked = litellm.completion(**where, messages=QUESTION, tools=[TOOL]).choices[0]
    calls = asked.message.tool_calls
    assert asked.finish_reason == "tool_calls"
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    # Without the fields of its own (`provider_specific_fields`), which vendors refuse as much as they like.
    history = [*QUESTION, asked.message.model_dump(include={"role", "content", "tool_calls"})]
    for call, result in zip(calls, ["21 °C", "8 °C"]):
        history.append({"role": "tool", "tool_call_id": call.id, "content": result})
    text = litellm.completion(**where, messages=history, tools=[TOOL]).choices[0].message.content
    if where["model"].startswith("gemini/"):
        # A result stands in an object there, and this field is LiteLLM's own, so that the whole object is the result.
        text = text.replace('{"content":"', "").replace('"}', "")
    assert text.endswith("get_weather returned “21 °C”. get_weather returned “8 °C”.")


def test_streamed_tools(where):
    chunks = list(litellm.completion(**where, messages=QUESTION, tools=[TOOL], stream=True))
    whole = litellm.stream_chunk_builder(chunks, messages=QUESTION)
    calls = whole.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    assert whole.choices[0].finish_reason == "tool_calls"


def test_structured_output(where):
    if where["model"].startswith("gemini/"):
        # It asks models that it does not know in words alone.
        name = where["model"].removeprefix("gemini/")
        known = {"litellm_provider": "gemini", "mode": "chat", "supports_response_schema": True}
        litellm.register_model({where["model"]: known, name: known})
    wanted = {"type": "json_schema", "json_schema": {"name": "trip", "schema": TRIP, "strict": True}}
    answer = litellm.completion(**where, messages=[{"role": "user", "content": "Paris"}], response_format=wanted)
    if where["model"].startswith("anthropic/ollama/"):
        # It forces a call of a tool in the place of a schema, which Ollama cannot; the gateway says so.
        headers = answer._hidden_params["additional_headers"]
        assert "tool_choice" in headers["llm_provider-x-weir-dropped-params"].split(", ")
        return
    assert json.loads(answer.choices[0].message.content) == {"city": "Paris", "days": 7}


def test_refusals_become_its_exceptions(where):
    with pytest.raises(litellm.NotFoundError):
        litellm.completion(**{**where, "model": where["model"].split("/")[0] + "/no-such-model"}, messages=QUESTION)
    with pytest.raises(litellm.AuthenticationError):
        litellm.completion(**{**where, "api_key": "weir_wrong"}, messages=QUESTION)
