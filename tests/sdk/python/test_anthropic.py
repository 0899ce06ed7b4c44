"""The official `anthropic` package, in front of every vendor."""

import asyncio

import anthropic
import pydantic
import pytest

from conftest import GATEWAY, KEY, NO_ADDRESSES, PNG, SEVERAL_CALLS, calls, script

TOOL = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
QUESTION = [{"role": "user", "content": "Compare the weather in Paris and Tokyo"}]


@pytest.fixture
def client():
    return anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0)


def test_chat(client, model):
    raw = client.messages.with_raw_response.create(
        model=model,
        max_tokens=500,
        system="Be brief.",
        messages=[{"role": "user", "content": "Grüße, 世界"}],
    )
    answer = raw.parse()
    assert answer.content[0].text == "You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”."
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0
    assert len(raw.headers["x-weir-request-id"]) == 36


def test_stream(client, model):
    request = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": "Hello there"}]}
    whole = client.messages.create(**request)
    with client.messages.stream(**request) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text == final.content[0].text
    assert final.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (whole.usage.input_tokens, whole.usage.output_tokens)


def test_async_stream(model):
    async def run():
        async with anthropic.AsyncAnthropic(base_url=GATEWAY, api_key=KEY, max_retries=0) as client:
            messages = [{"role": "user", "content": "Hello there"}]
            async with client.messages.stream(model=model, max_tokens=500, messages=messages) as stream:
                return "".join([text async for text in stream.text_stream])

    assert asyncio.run(run()) == "You said “Hello there” — 好的 🌍."


def test_parallel_tools_and_their_results(client, model):
    answer = client.messages.create(model=model, max_tokens=500, messages=QUESTION, tools=[TOOL])
    uses = [block for block in answer.content if block.type == "tool_use"]
    assert answer.stop_reason == "tool_use"
    assert [use.input for use in uses] == [{"city": "Paris"}, {"city": "Tokyo"}]
    results = [
        {"type": "tool_result", "tool_use_id": use.id, "content": result} for use, result in zip(uses, ["21 °C", "8 °C"])
    ]
    history = [*QUESTION, {"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    answer = client.messages.create(model=model, max_tokens=500, messages=history, tools=[TOOL])
    assert answer.content[0].text.endswith("get_weather returned “21 °C”. get_weather returned “8 °C”.")


def test_streamed_tools(client, model):
    pieces, finished = 0, []
    with client.messages.stream(model=model, max_tokens=500, messages=QUESTION, tools=[TOOL]) as stream:
        for event in stream:
            if event.type == "input_json":
                pieces += 1
            elif event.type == "content_block_stop" and event.content_block.type == "tool_use":
                finished.append((event.content_block.name, event.content_block.input))
    assert finished == [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Tokyo"})]
    # Some vendors send a call whole.
    assert pieces >= 2


def test_one_tool_at_a_time(client, provider, model):
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    raw = client.messages.with_raw_response.create(
        model=model, max_tokens=500, messages=QUESTION, tools=[TOOL], tool_choice=choice
    )
    several = provider in SEVERAL_CALLS
    assert len([block for block in raw.parse().content if block.type == "tool_use"]) == (2 if several else 1)
    dropped = "tool_choice.disable_parallel_tool_use" if several else None
    assert raw.headers.get("x-weir-dropped-params") == dropped


def test_images(client, provider, model):
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    ]
    answer = client.messages.create(model=model, max_tokens=500, messages=[{"role": "user", "content": content}])
    assert answer.content[0].text.endswith("I see image/png of 70 bytes.")
    content.append({"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}})
    if provider in NO_ADDRESSES:
        with pytest.raises(anthropic.BadRequestError) as refused:
            client.messages.create(model=model, max_tokens=500, messages=[{"role": "user", "content": content}])
        assert "messages[0].content[2].source: " in str(refused.value)
        return
    answer = client.messages.create(model=model, max_tokens=500, messages=[{"role": "user", "content": content}])
    assert "I see image/png of 70 bytes and the image at https://example.com/cat.png." in answer.content[0].text


class Trip(pydantic.BaseModel):
    city: str
    days: int


def test_json_schema(client, model):
    messages = [{"role": "user", "content": "Paris"}]
    answer = client.messages.parse(model=model, max_tokens=500, messages=messages, output_format=Trip)
    assert answer.parsed_output == Trip(city="Paris", days=7)


def test_streamed_json_schema(client, model):
    messages = [{"role": "user", "content": "Paris"}]
    with client.messages.stream(model=model, max_tokens=500, messages=messages, output_format=Trip) as stream:
        final = stream.get_final_message()
    assert final.parsed_output == Trip(city="Paris", days=7)


@pytest.mark.parametrize("provider", ["anthropic"])  # only its models show signed thinking
def test_thinking_goes_and_comes_back(client, model):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    request = {"model": model, "max_tokens": 4000, "thinking": thinking}
    first = [{"role": "user", "content": "Think first"}]
    with client.messages.stream(**request, messages=first) as stream:
        answer = stream.get_final_message()
    assert answer.content[0].type == "thinking" and answer.content[0].signature
    history = [*first, {"role": "assistant", "content": answer.content}, {"role": "user", "content": "Go on"}]
    assert client.messages.create(**request, messages=history).content[1].text


def test_models_are_listed(client, flaky):
    assert flaky in [model.id for model in client.models.list()]


def test_one_model_is_retrieved(client, model, flaky):
    for name in [flaky, model]:
        found = client.models.retrieve(name)
        assert (found.id, found.type) == (name, "model")
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("no-such-model")


def test_tokens_are_counted(client, model):
    counted = client.messages.count_tokens(model=model, messages=[{"role": "user", "content": "Hi"}])
    assert counted.input_tokens > 0


def test_a_base_url_with_one_version_too_many_is_told(client, model):
    hello = [{"role": "user", "content": "Hi"}]
    twice = anthropic.Anthropic(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)
    with pytest.raises(anthropic.NotFoundError) as error:
        twice.messages.create(model=model, max_tokens=50, messages=hello)
    assert "out of its base URL" in error.value.body["error"]["message"]


def test_errors_become_the_sdks_exceptions(client, provider, model, flaky):
    hello = {"max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    with pytest.raises(anthropic.NotFoundError) as unknown:
        client.messages.create(model="no-such-model", **hello)
    assert unknown.value.body["error"]["type"] == "not_found_error" and "no-such-model" in str(unknown.value)
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="weir_wrong").messages.create(model=model, **hello)
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(model=model, max_tokens=50, messages="not a list")
    for status, expected, kind in [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (404, anthropic.NotFoundError, "not_found_error"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (503, anthropic.InternalServerError, "overloaded_error"),
    ]:
        script(provider, f"model-flaky-{provider}", {"status": status, "headers": [["retry-after", "0"]]})
        with pytest.raises(expected) as error:
            client.messages.create(model=flaky, **hello)
        assert error.value.body["error"]["type"] == kind and error.value.body["error"]["message"]


def test_an_error_inside_a_stream_is_raised(client, provider, model):
    script(provider, model.split("/")[1], {"fault": {"error_event": {"after": 6}}})
    messages = [{"role": "user", "content": "Hi"}]
    with pytest.raises(anthropic.APIError):
        with client.messages.stream(model=model, max_tokens=50, messages=messages) as stream:
            for _ in stream:
                pass


def test_retries(provider, flaky):
    client = anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=3)
    upstream = f"model-flaky-{provider}"
    before = len(calls(provider, upstream))
    script(provider, upstream, {"status": 429, "headers": [["retry-after", "0"]]})
    script(provider, upstream, {"status": 529, "headers": [["retry-after", "0"]]})
    answer = client.messages.create(model=flaky, max_tokens=50, messages=[{"role": "user", "content": "Hi"}])
    assert answer.content[0].text
    assert [call["status"] for call in calls(provider, upstream)[before:]] == [429, 529, 200]
