"""LangChain, unchanged: its clients of OpenAI, of Anthropic and of Google, in front of every vendor."""

import pydantic
import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI

from conftest import GATEWAY, KEY

QUESTION = "Compare the weather in Paris and Tokyo"


@tool
def get_weather(city: str) -> str:
    """The weather in a city"""
    return {"Paris": "21 °C", "Tokyo": "8 °C"}[city]


class Trip(pydantic.BaseModel):
    """A trip."""

    city: str
    days: int


@pytest.fixture(params=["openai", "anthropic", "gemini"])
def chat(request, model):
    """The framework's client of a dialect, whichever vendor is behind."""
    if request.param == "openai":
        return ChatOpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, model=model, max_retries=0, use_responses_api=False)
    if request.param == "gemini":
        return ChatGoogleGenerativeAI(base_url=GATEWAY, api_key=KEY, model=model, max_retries=0)
    return ChatAnthropic(base_url=GATEWAY, api_key=KEY, model=model, max_retries=0, max_tokens=500)


def test_invoke(chat):
    answer = chat.invoke([SystemMessage("Be brief."), HumanMessage("Grüße, 世界")])
    assert answer.text == "You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”."
    usage = answer.usage_metadata
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0


def test_stream_and_whole_say_and_cost_the_same(chat):
    whole = chat.invoke("Hello there")
    options = {"stream_usage": True} if isinstance(chat, ChatOpenAI) else {}
    total = None
    for chunk in chat.stream("Hello there", **options):
        total = chunk if total is None else total + chunk
    assert total.text == whole.text
    for count in ("input_tokens", "output_tokens"):
        assert total.usage_metadata[count] == whole.usage_metadata[count]


def test_parallel_tools_and_their_results(chat):
    bound = chat.bind_tools([get_weather])
    asked = bound.invoke(QUESTION)
    assert [call["args"] for call in asked.tool_calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    results = [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in asked.tool_calls]
    answer = bound.invoke([HumanMessage(QUESTION), asked, *results])
    assert answer.text.endswith("get_weather returned “21 °C”. get_weather returned “8 °C”.")


def test_streamed_tools(chat):
    total = None
    for chunk in chat.bind_tools([get_weather]).stream(QUESTION):
        total = chunk if total is None else total + chunk
    assert [call["args"] for call in total.tool_calls] == [{"city": "Paris"}, {"city": "Tokyo"}]
    assert len({call["id"] for call in total.tool_calls}) == 2


def test_structured_output(chat):
    assert chat.with_structured_output(Trip, method="json_schema").invoke("Paris") == Trip(city="Paris", days=7)


def test_an_agent_runs_to_its_end(chat):
    agent = create_agent(chat, tools=[get_weather], system_prompt="Be brief.")
    messages = agent.invoke({"messages": [HumanMessage(QUESTION)]})["messages"]
    assert [message.content for message in messages if isinstance(message, ToolMessage)] == ["21 °C", "8 °C"]
    assert isinstance(messages[-1], AIMessage) and "get_weather returned “8 °C”" in messages[-1].text
