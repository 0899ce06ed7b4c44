"""The official `openai` package, speaking the Responses API to the demo provider."""

import openai
import pydantic
import pytest

from conftest import GATEWAY, KEY

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
