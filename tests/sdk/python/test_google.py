"""The official `google-genai` package, in front of every vendor and of the demo provider."""

import asyncio
import base64

import pydantic
import pytest
from google import genai
from google.genai import errors, types

from conftest import GATEWAY, KEY, PNG, PROVIDERS, cost_of, new_model, script

WEATHER = types.FunctionDeclaration(
    name="get_weather",
    description="The weather in a city",
    parameters=types.Schema(type="OBJECT", properties={"city": types.Schema(type="STRING")}, required=["city"]),
)
TOOLS = types.GenerateContentConfig(
    tools=[types.Tool(function_declarations=[WEATHER])],
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
)
QUESTION = "Compare the weather in Paris and Tokyo"


def client_with(key: str) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=GATEWAY))


@pytest.fixture
def client():
    return client_with(KEY)


@pytest.fixture(params=PROVIDERS)
def vendor(request) -> str:
    return request.param


@pytest.fixture
def model(vendor) -> str:
    """A model of the vendor, addressed directly; a slash in its name, and a new one for each test."""
    return f"{vendor}/{new_model(vendor)}"


def test_plain(client, model):
    config = types.GenerateContentConfig(system_instruction="Be brief.", temperature=0.5, max_output_tokens=500)
    answer = client.models.generate_content(model=model, contents="Grüße, 世界", config=config)
    assert answer.text == "You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    usage = answer.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count > 0
    assert answer.model_version == model.split("/")[1]
    assert len(answer.sdk_http_response.headers["x-weir-request-id"]) == 36


def test_stream(client, model):
    whole = client.models.generate_content(model=model, contents="Hello there")
    chunks = list(client.models.generate_content_stream(model=model, contents="Hello there"))
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text == "You said “Hello there” — 好的 🌍."
    finishes = [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates[0].finish_reason]
    assert finishes == [types.FinishReason.STOP]
    last, expected = chunks[-1].usage_metadata, whole.usage_metadata
    assert (last.prompt_token_count, last.candidates_token_count) == (
        expected.prompt_token_count,
        expected.candidates_token_count,
    )


def test_async_stream(model):
    async def run():
        stream = await client_with(KEY).aio.models.generate_content_stream(model=model, contents="Hello there")
        return "".join([chunk.text or "" async for chunk in stream])

    assert asyncio.run(run()) == "You said “Hello there” — 好的 🌍."


@pytest.mark.parametrize("streamed", [False, True])
def test_parallel_tools_and_their_results_in_a_chat(client, model, streamed):
    """The SDK's own history goes back: with signatures where the vendor gave some, without ids where it gave none."""
    chat = client.chats.create(model=model, config=TOOLS)
    if streamed:
        parts = [p for c in chat.send_message_stream(QUESTION) for p in (c.candidates[0].content.parts or [])]
    else:
        parts = chat.send_message(QUESTION).candidates[0].content.parts
    calls = [part.function_call for part in parts if part.function_call]
    assert [call.args for call in calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    results = [
        types.Part.from_function_response(name=call.name, response={"output": text})
        for call, text in zip(calls, ["21 °C", "8 °C"])
    ]
    answer = chat.send_message(results)
    assert answer.text.endswith("get_weather returned “21 °C”. get_weather returned “8 °C”."), answer.text


def test_a_function_of_python_is_called_by_the_sdk(client, model):
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return f"fine in {city}"

    config = types.GenerateContentConfig(tools=[get_weather])
    answer = client.models.generate_content(model=model, contents="What is the weather in Paris", config=config)
    assert "get_weather returned" in answer.text and "fine in Paris" in answer.text


def test_a_forced_and_a_forbidden_tool(client, vendor, model):
    # Ollama cannot be made to call a tool.
    for mode, called in [("ANY", vendor != "ollama"), ("NONE", False)]:
        calling = types.FunctionCallingConfig(
            mode=mode, allowed_function_names=["get_weather"] if mode == "ANY" else None
        )
        config = TOOLS.model_copy(update={"tool_config": types.ToolConfig(function_calling_config=calling)})
        answer = client.models.generate_content(model=model, contents="Hello there", config=config)
        assert bool(answer.function_calls) is called


def test_schema(client, model):
    class Trip(pydantic.BaseModel):
        city: str
        days: int
        note: str | None = None

    for config in [
        types.GenerateContentConfig(response_mime_type="application/json", response_schema=Trip),
        types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=Trip.model_json_schema()),
    ]:
        answer = client.models.generate_content(model=model, contents="A trip", config=config)
        trip = Trip.model_validate_json(answer.text)
        assert (trip.city, trip.days) == ("A trip", 7)


def test_image(client, model):
    image = types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png")
    answer = client.models.generate_content(model=model, contents=["What is this?", image])
    assert "I see image/png of 70 bytes." in answer.text


@pytest.mark.parametrize("vendor", ["gemini", "anthropic", "bedrock"])
def test_thinking_comes_and_goes_back(client, vendor, model):
    """Claude refuses thinking that it did not sign, so the second turn shows that the signature came through."""
    model = model.replace("model-", "anthropic.claude-sonnet-4-5-" if vendor == "bedrock" else "claude-sonnet-4-5-")
    thinking = types.ThinkingConfig(thinking_budget=2000, include_thoughts=True)
    if vendor == "gemini":
        thinking = types.ThinkingConfig(thinking_level="LOW", include_thoughts=True)
    config = types.GenerateContentConfig(thinking_config=thinking, max_output_tokens=8000)
    chat = client.chats.create(model=model, config=config)
    answer = chat.send_message("Hello there")
    thoughts = [part.text for part in answer.candidates[0].content.parts if part.thought and part.text]
    assert thoughts == ["The user said “Hello there”. 想一想…"]
    assert answer.text == "You said “Hello there” — 好的 🌍."
    assert chat.send_message("And now?").text == "You said “And now?” — 好的 🌍."


def test_the_demo_provider(client):
    model = "demo/demo-small"
    whole = client.models.generate_content(model=model, contents="hello")
    streamed = client.models.generate_content_stream(model=model, contents="hello")
    assert whole.text and "".join(chunk.text or "" for chunk in streamed) == whole.text
    answer = client.models.generate_content(model=model, contents="call get_weather", config=TOOLS)
    assert [call.name for call in answer.function_calls] == ["get_weather"]


def test_models_are_listed_and_shown(client):
    names = [entry.name for entry in client.models.list()]
    assert "models/demo/demo-small" in names
    assert client.models.get(model="demo/demo-small").name == "models/demo/demo-small"


def test_tokens_are_counted(client, model):
    counted = client.models.count_tokens(model=model, contents="Hello there, how are you today?")
    assert counted.total_tokens > 0
    estimated = counted.sdk_http_response.headers.get("x-weir-estimated")
    assert estimated == (None if model.startswith("gemini/") else "true")


def test_errors_are_googles(client, vendor):
    wrong = client_with("weir_wrong")
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="nobody/nothing", contents="hi")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    with pytest.raises(errors.ClientError) as caught:
        wrong.models.generate_content(model="demo/demo-small", contents="hi")
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
    flaky = f"flaky-{vendor}"
    script(vendor, f"model-{flaky}", {"status": 429})
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=flaky, contents="hi")
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")


def test_an_error_amid_a_stream_is_raised(client, vendor):
    flaky = f"flaky-{vendor}"
    script(vendor, f"model-{flaky}", {"fault": {"error_event": {"after": 3}}})
    with pytest.raises(errors.APIError) as caught:
        list(client.models.generate_content_stream(model=flaky, contents="Hello there, this is a longer text"))
    codes = {"anthropic": 503, "gemini": 503, "bedrock": 429}
    assert caught.value.code == codes.get(vendor, 500)


@pytest.mark.parametrize(
    "model", ["openai/embed", "gemini/gemini-embedding-001", "cohere/embed-v4.0", "ollama/nomic-embed-text"]
)
def test_embeddings(client, model):
    texts = ["the cat sat", "Grüße, 世界"]
    config = types.EmbedContentConfig(output_dimensionality=4)
    made = client.models.embed_content(model=model, contents=texts, config=config)
    for at, (one, text) in enumerate(zip(made.embeddings, texts, strict=True)):
        assert one.values == pytest.approx([at, len(text.encode()), 0.1, 0.1], abs=1e-8)
    # 5 tokens at the price of `stand.py`.
    assert cost_of(made.sdk_http_response) == 5 * 1_000


def test_embeddings_where_there_are_none(client):
    with pytest.raises(errors.ClientError) as caught:
        client.models.embed_content(model="anthropic/claude", contents="x")
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
