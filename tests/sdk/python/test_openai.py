"""The official `openai` package, in front of every vendor."""

import asyncio
import json

import openai
import pydantic
import pytest

from conftest import GATEWAY, KEY, NO_ADDRESSES, PNG, SEVERAL_CALLS, calls, script

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
QUESTION = [{"role": "user", "content": "Compare the weather in Paris and Tokyo"}]


@pytest.fixture
def client():
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)


def test_chat(client, model):
    raw = client.chat.completions.with_raw_response.create(
        model=model,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße, 世界"}],
        temperature=0.5,
        max_tokens=500,
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == "You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert len(raw.headers["x-weir-request-id"]) == 36
    assert raw.headers["x-weir-model"] == model.split("/")[1]


def test_stream(client, model):
    request = {"model": model, "messages": [{"role": "user", "content": "Hello there"}]}
    whole = client.chat.completions.create(**request)
    stream = client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True})
    text, usage, finish = "", None, []
    for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish += [choice.finish_reason] if choice.finish_reason else []
        usage = chunk.usage or usage
    assert text == whole.choices[0].message.content
    assert finish == ["stop"]
    assert (usage.prompt_tokens, usage.completion_tokens) == (whole.usage.prompt_tokens, whole.usage.completion_tokens)


def test_async_stream(model):
    async def run():
        async with openai.AsyncOpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0) as client:
            stream = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "Hello there"}], stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    assert asyncio.run(run()) == "You said “Hello there” — 好的 🌍."


def test_parallel_tools_and_their_results(client, model):
    answer = client.chat.completions.create(model=model, messages=QUESTION, tools=[TOOL])
    message = answer.choices[0].message
    assert answer.choices[0].finish_reason == "tool_calls"
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    # The whole message goes back as it came, as the documentation of the SDK shows it.
    history = [*QUESTION, message]
    for call, result in zip(message.tool_calls, ["21 °C", "8 °C"]):
        history.append({"role": "tool", "tool_call_id": call.id, "content": result})
    answer = client.chat.completions.create(model=model, messages=history, tools=[TOOL])
    assert answer.choices[0].message.content.endswith("get_weather returned “21 °C”. get_weather returned “8 °C”.")


def test_streamed_tools(client, model):
    finished = []
    with client.chat.completions.stream(model=model, messages=QUESTION, tools=[TOOL]) as stream:
        for event in stream:
            if event.type == "tool_calls.function.arguments.done":
                finished.append((event.index, event.name, json.loads(event.arguments)))
        final = stream.get_final_completion()
    assert finished == [(0, "get_weather", {"city": "Paris"}), (1, "get_weather", {"city": "Tokyo"})]
    assert len({call.id for call in final.choices[0].message.tool_calls}) == 2


def test_one_tool_at_a_time(client, provider, model):
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=QUESTION, tools=[TOOL], parallel_tool_calls=False
    )
    several = provider in SEVERAL_CALLS
    assert len(raw.parse().choices[0].message.tool_calls) == (2 if several else 1)
    assert raw.headers.get("x-weir-dropped-params") == ("parallel_tool_calls" if several else None)


def test_images(client, provider, model):
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
    ]
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content.endswith("I see image/png of 70 bytes.")
    content.append({"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}})
    if provider in NO_ADDRESSES:
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
        assert refused.value.param == "messages[0].content[2]"
        return
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    assert "I see image/png of 70 bytes and the image at https://example.com/cat.png." in answer.choices[0].message.content


class Trip(pydantic.BaseModel):
    city: str
    days: int


def test_json_schema(client, model):
    answer = client.chat.completions.parse(
        model=model, messages=[{"role": "user", "content": "Paris"}], response_format=Trip
    )
    assert answer.choices[0].message.parsed == Trip(city="Paris", days=7)


def test_streamed_json_schema(client, model):
    messages = [{"role": "user", "content": "Paris"}]
    with client.chat.completions.stream(model=model, messages=messages, response_format=Trip) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Trip(city="Paris", days=7)


def test_models_are_listed(client, flaky):
    assert flaky in [model.id for model in client.models.list()]


def test_one_model_is_retrieved(client, model, flaky):
    for name in [flaky, model]:
        found = client.models.retrieve(name)
        assert (found.id, found.object) == (name, "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_what_is_not_served_is_told(client, model):
    for call in [lambda: client.fine_tuning.jobs.list(), lambda: client.vector_stores.create(name="Hi")]:
        with pytest.raises(openai.NotFoundError) as error:
            call()
        assert "Weir does not serve " in error.value.message
        assert error.value.code == "endpoint_not_served" and error.value.type == "invalid_request_error"
    unversioned = openai.OpenAI(base_url=GATEWAY, api_key=KEY, max_retries=0)
    with pytest.raises(openai.NotFoundError) as error:
        unversioned.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}])
    assert "base URL end with /v1" in error.value.message


def test_errors_become_the_sdks_exceptions(client, provider, model, flaky):
    hello = [{"role": "user", "content": "Hi"}]
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="no-such-model", messages=hello)
    assert unknown.value.code == "model_not_found" and "no-such-model" in unknown.value.message
    assert unknown.value.status_code == 404
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="weir_wrong").chat.completions.create(model=model, messages=hello)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=model, messages="not a list")
    for status, expected in [
        (400, openai.BadRequestError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ]:
        script(provider, f"model-flaky-{provider}", {"status": status, "headers": [["retry-after", "0"]]})
        with pytest.raises(expected) as error:
            client.chat.completions.create(model=flaky, messages=hello)
        assert error.value.message and error.value.type


def test_an_error_inside_a_stream_is_raised(client, provider, model):
    script(provider, model.split("/")[1], {"fault": {"error_event": {"after": 6}}})
    stream = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}], stream=True)
    with pytest.raises(openai.APIError) as error:
        for _ in stream:
            pass
    assert error.value.message


def test_retries(provider, flaky):
    client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=3)
    upstream = f"model-flaky-{provider}"
    before = len(calls(provider, upstream))
    script(provider, upstream, {"status": 429, "headers": [["retry-after", "0"]]})
    script(provider, upstream, {"status": 503, "headers": [["retry-after", "0"]]})
    answer = client.chat.completions.create(model=flaky, messages=[{"role": "user", "content": "Hi"}])
    assert answer.choices[0].message.content
    assert [call["status"] for call in calls(provider, upstream)[before:]] == [429, 503, 200]


def test_embeddings_as_the_sdk_asks_by_default_and_as_numbers(client):
    # The package asks for base64 unless told otherwise, and decodes it.
    request = {"model": "demo/demo-embedding", "input": ["the cat sat", "a cat sat", "Grüße, 世界"], "dimensions": 16}
    default = client.embeddings.create(**request)
    numbers = client.embeddings.create(**request, encoding_format="float")
    assert [one.index for one in default.data] == [0, 1, 2]
    for one, other in zip(default.data, numbers.data):
        assert len(one.embedding) == 16
        assert one.embedding == pytest.approx(other.embedding, abs=1e-7)
    assert default.usage.prompt_tokens == default.usage.total_tokens > 0
    assert default.usage.model_extra["cost"] > 0


def test_embeddings_of_a_model_that_is_not_there(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="demo/demo-no", input="x")
    assert "it has demo-embedding" in str(caught.value)
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="demo/demo-embedding", input="")
    assert caught.value.param == "input"
