"""Realtime sessions of the official `openai` package, over a WebSocket through the gateway."""

import asyncio
import base64
import json

import openai
import pytest
import websockets
from websockets.sync.client import connect

from conftest import GATEWAY, KEY, calls

VOICE = "openai/gpt-realtime"


@pytest.fixture
def client():
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)


def ask(text):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def test_text(client):
    with client.realtime.connect(model=VOICE) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(session={"type": "realtime", "instructions": "Be brief.", "output_modalities": ["text"]})
        assert connection.recv().session.instructions == "Be brief."
        connection.conversation.item.create(item=ask("Grüße, 世界"))
        connection.response.create()
        text = ""
        for event in connection:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                break
        assert text == "You said: Grüße, 世界"
        usage = event.response.usage
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens > 0
    (handshake,) = [call for call in handshakes() if call["target"] == "/v1/realtime?model=gpt-realtime"][-1:]
    assert KEY not in json.dumps(handshake)


def handshakes():
    # A handshake names its model in the query alone.
    return [call for call in calls("openai", "") if call["status"] == 101]


def test_sound_of_an_asynchronous_client():
    async def talk():
        client = openai.AsyncOpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)
        async with client.realtime.connect(model=VOICE) as connection:
            await connection.input_audio_buffer.append(audio=base64.b64encode(bytes(96_000)).decode())
            await connection.input_audio_buffer.commit()
            await connection.response.create()
            sound = b""
            async for event in connection:
                if event.type == "response.output_audio.delta":
                    sound += base64.b64decode(event.delta)
                if event.type == "response.done":
                    return sound, event.response.usage

    sound, usage = asyncio.run(talk())
    assert sound and usage.input_token_details.audio_tokens > 0 and usage.output_token_details.audio_tokens > 0


def test_an_error_of_the_vendor_is_an_event(client):
    with client.realtime.connect(model=VOICE) as connection:
        connection.session.update(session={"type": "realtime", "model": "gpt-4o"})
        events = [connection.recv(), connection.recv()]
        assert (events[1].type, events[1].error.code) == ("error", "invalid_model")


@pytest.mark.parametrize("key, model, status", [("weir_wrong", VOICE, 401), (KEY, "openai2/none", 404)])
def test_a_refusal_is_plain_http(key, model, status):
    stranger = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=key, max_retries=0)
    with pytest.raises(websockets.InvalidStatus) as refused:
        with stranger.realtime.connect(model=model):
            pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["error"]["message"]


def test_a_browser_sends_its_key_as_a_subprotocol():
    url = GATEWAY.replace("http", "ws", 1) + f"/v1/realtime?model={VOICE}"
    with connect(url, subprotocols=["realtime", f"openai-insecure-api-key.{KEY}"]) as browser:
        assert browser.subprotocol == "realtime"
        assert json.loads(browser.recv())["type"] == "session.created"


def test_keys_of_the_vendor_are_refused(client):
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.realtime.client_secrets.create(session={"type": "realtime", "model": VOICE})
    assert refused.value.code == "realtime_past_the_gateway"
