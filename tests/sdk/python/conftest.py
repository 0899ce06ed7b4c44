"""Where the gateway and the fakes are, and scripts for what a fake does next."""

import json
import os
import urllib.request
import uuid

import pytest

GATEWAY = os.environ["GATEWAY_URL"]
KEY = os.environ["GATEWAY_KEY"]
FAKES = {"openai": os.environ["FAKE_OPENAI_URL"], "anthropic": os.environ["FAKE_ANTHROPIC_URL"]}

# 1 x 1 pixel, 70 bytes.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def script(provider: str, model: str, what: dict, times: int = 1) -> None:
    """Tells a fake vendor what to do with the next calls of a model."""
    body = json.dumps({"model": model, "times": times, "script": what}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{FAKES[provider]}/__fakes/script", data=body, method="POST")):
        pass


def calls(provider: str, model: str) -> list:
    """What a fake vendor received for a model."""
    with urllib.request.urlopen(f"{FAKES[provider]}/__fakes/requests") as answer:
        return [call for call in json.load(answer) if (call["body"] or {}).get("model") == model]


@pytest.fixture(params=["openai", "anthropic"])
def provider(request) -> str:
    """The vendor behind the gateway."""
    return request.param


@pytest.fixture
def model(provider) -> str:
    """A model of the vendor, addressed directly; a new one for each test, so that scripts do not mix."""
    return f"{provider}/model-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def flaky(provider) -> str:
    """A model route that does not retry by itself."""
    return f"flaky-{provider}"
