"""Files and batches in a provider's account, by the official `openai` and `anthropic` packages, and what a batch costs by
the ledger. The prices are those of `stand.py`."""

import json
import uuid

import anthropic
import openai
import pytest

from conftest import GATEWAY, KEY, cost_of, rows_of

# Nano-dollars for a token in a batch, in and out.
IN, OUT = 500, 5_000


@pytest.fixture
def client():
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)


@pytest.fixture
def claude():
    return anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0)


@pytest.fixture
def model():
    """As the vendor knows it: a batch names its models so. New for each test."""
    return f"model-{uuid.uuid4().hex[:8]}"


def upload(client, model: str):
    asked = {"model": model, "messages": [{"role": "user", "content": "Hello there"}]}
    line = {"method": "POST", "url": "/v1/chat/completions", "body": asked}
    lines = [json.dumps({"custom_id": f"r{n}", **line}) for n in range(2)]
    return client.files.create(file=("in.jsonl", "\n".join(lines).encode()), purpose="batch"), lines


def test_a_file_is_kept_shown_fetched_and_deleted(client, model):
    made, lines = upload(client, model)
    assert (made.filename, made.purpose, made.status) == ("in.jsonl", "batch", "processed")
    assert client.files.retrieve(made.id) == made
    content = client.files.with_raw_response.content(made.id)
    assert content.text == "\n".join(lines)
    assert cost_of(content) == 0
    assert client.files.delete(made.id).deleted
    for ask in [client.files.retrieve, client.files.content, client.files.delete]:
        with pytest.raises(openai.NotFoundError):
            ask(made.id)


def test_files_are_not_listed_for_nobody_knows_whose_they_are(client):
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.files.list()
    assert refused.value.code == "list_not_served"


def test_a_batch_runs_to_its_results_and_is_charged_once_at_its_tier(client, model):
    file, _ = upload(client, model)
    made = client.batches.with_raw_response.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"mine": "1"}
    )
    batch = made.parse()
    assert (batch.status, batch.input_file_id, batch.metadata) == ("validating", file.id, {"mine": "1"})
    assert cost_of(made) is None, "what it will cost is not known yet"
    seen = [client.batches.retrieve(batch.id) for _ in range(3)]
    assert [one.status for one in seen] == ["in_progress", "completed", "completed"]
    done = seen[-1]
    assert (done.id, done.request_counts.completed) == (batch.id, 2)
    results = [json.loads(line) for line in client.files.content(done.output_file_id).text.splitlines()]
    assert [result["custom_id"] for result in results] == ["r0", "r1"]
    said = results[0]["response"]["body"]["choices"][0]["message"]["content"]
    assert said == "You said “Hello there” — 好的 🌍."
    [row] = rows_of(model, 1)
    assert row["cost"] == done.usage.input_tokens * IN + done.usage.output_tokens * OUT > 0


def test_a_batch_is_cancelled(client, model):
    file, _ = upload(client, model)
    endpoint = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch = client.batches.create(input_file_id=file.id, **endpoint)
    assert client.batches.cancel(batch.id).status == "cancelling"
    assert client.batches.retrieve(batch.id).status == "cancelled"
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_of_nobody")


def ask(model: str) -> list:
    params = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello there"}]}
    return [{"custom_id": f"r{n}", "params": params} for n in range(2)]


def test_a_batch_of_messages_runs_to_its_results_and_is_charged_at_its_tier(claude, model):
    batch = claude.messages.batches.create(requests=ask(model))
    assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", 2)
    seen = [claude.messages.batches.retrieve(batch.id) for _ in range(2)]
    assert [one.processing_status for one in seen] == ["in_progress", "ended"]
    results = list(claude.messages.batches.results(batch.id))
    assert [result.custom_id for result in results] == ["r0", "r1"]
    messages = [result.result.message for result in results]
    assert messages[0].content[0].text == "You said “Hello there” — 好的 🌍."
    [row] = rows_of(model, 1)
    tokens = [(message.usage.input_tokens, message.usage.output_tokens) for message in messages]
    assert row["cost"] == sum(read * IN + written * OUT for read, written in tokens) > 0


def test_a_batch_of_messages_is_cancelled_and_deleted(claude, model):
    batch = claude.messages.batches.create(requests=ask(model))
    assert claude.messages.batches.cancel(batch.id).processing_status == "canceling"
    assert claude.messages.batches.delete(batch.id).id == batch.id
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.batches.retrieve(batch.id)
    with pytest.raises(anthropic.PermissionDeniedError):
        claude.messages.batches.list()
