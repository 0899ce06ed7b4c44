"""The official `openai` package, speaking the Responses API in front of every vendor and of the demo provider."""

import openai
import pydantic
import pytest

from conftest import GATEWAY, KEY, PROVIDERS, cost_of, new_model

MODEL = "demo/demo-small"
TOOLS = [
    {
        "type": "function",
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    }
]


@pytest.fixture
def client():
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)


def test_whole_and_stream_say_the_same(client):
    whole = client.responses.create(model=MODEL, input="Hello", instructions="Be brief.")
    assert "Hello" in whole.output_text
    assert (whole.status, whole.instructions, whole.store) == ("completed", "Be brief.", False)
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens > 0
    events = list(client.responses.create(model=MODEL, input="Hello", stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text == whole.output_text


def test_the_stream_helper_puts_the_response_together(client):
    with client.responses.stream(model=MODEL, input="call the tool", tools=TOOLS) as stream:
        final = stream.until_done().get_final_response()
    call = next(item for item in final.output if item.type == "function_call")
    assert (call.name, call.arguments) == ("get_weather", '{"city":"demo city"}')


def test_a_round_of_tools(client):
    question = {"role": "user", "content": "call the tool"}
    first = client.responses.create(model=MODEL, input=[question], tools=TOOLS)
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "21"}
    second = client.responses.create(model=MODEL, input=[question, *first.output, result], tools=TOOLS)
    assert "21" in second.output_text


def test_a_structured_answer(client):
    class Person(pydantic.BaseModel):
        name: str
        age: int

    parsed = client.responses.parse(model=MODEL, input="hi", text_format=Person)
    assert parsed.output_parsed == Person(name="demo name", age=1)


def test_state_that_nobody_keeps_is_refused_by_its_name(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=MODEL, input="x", previous_response_id="resp_1")
    assert refused.value.param == "previous_response_id"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.retrieve("resp_unknown")
    assert unknown.value.code == "response_not_found"


QUESTION = {"role": "user", "content": "Compare the weather in Paris and Tokyo"}
LOOSE = [{**TOOLS[0], "strict": False}]


@pytest.fixture(params=[*PROVIDERS, "responses"])
def model(request) -> str:
    return f"{request.param}/{new_model(request.param)}"


def test_whole_and_stream_say_the_same_of_every_vendor(client, model):
    request = {"model": model, "input": "Grüße, 世界", "instructions": "Be brief."}
    whole = client.responses.create(**request)
    assert whole.output_text == "You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”."
    with client.responses.stream(**request) as stream:
        final = stream.until_done().get_final_response()
    assert (final.output_text, final.usage) == (whole.output_text, whole.usage)


def test_a_round_of_parallel_tools_with_every_vendor(client, model):
    first = client.responses.create(model=model, input=[QUESTION], tools=LOOSE)
    calls = [item for item in first.output if item.type == "function_call"]
    assert [call.arguments for call in calls] == ['{"city":"Paris"}', '{"city":"Tokyo"}']
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": text}
        for call, text in zip(calls, ["21 °C", "8 °C"])
    ]
    second = client.responses.create(model=model, input=[QUESTION, *first.output, *results], tools=LOOSE)
    assert second.output_text.endswith("get_weather returned “21 °C”. get_weather returned “8 °C”.")


def test_a_structured_answer_of_every_vendor(client, model):
    class Trip(pydantic.BaseModel):
        city: str
        days: int

    parsed = client.responses.parse(model=model, input="Paris", text_format=Trip)
    assert parsed.output_parsed == Trip(city="Paris", days=7)


def test_who_keeps_its_answers_is_asked_for_them_built_on_and_made_to_forget(client):
    model = f"keeping/{new_model('keeping')}"
    raw = client.responses.with_raw_response.create(model=model, input="one")
    first = raw.parse()
    assert first.output_text == "keeping heard “one”."
    assert cost_of(raw) == 20 * 1_000 + 7 * 10_000
    second = client.responses.create(model=model, input="two", previous_response_id=first.id)
    assert second.output_text == "keeping heard “two”. Before, I said “keeping heard “one”.”."
    kept = client.responses.with_raw_response.retrieve(first.id)
    assert kept.parse().output_text == first.output_text
    assert cost_of(kept) == 0
    assert [item.id[:8] for item in client.responses.input_items.list(first.id).data] == ["msg_wrid"]
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_tokens_are_counted_by_a_provider_of_the_api(client):
    counted = client.responses.input_tokens.count(model=f"keeping/{new_model('keeping')}", input="Hello there")
    assert counted.input_tokens == 19
