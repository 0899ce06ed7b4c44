"""Where the gateway and the fakes are, scripts for what a fake does next, and the ledger."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

GATEWAY = os.environ["GATEWAY_URL"]
KEY = os.environ["GATEWAY_KEY"]
# Vendors that applications speak the dialects of, and those that the gateway alone speaks to.
PROVIDERS = ["openai", "anthropic", "gemini", "bedrock", "cohere", "ollama"]
FAKES = {provider: os.environ[f"FAKE_{provider.upper()}_URL"] for provider in PROVIDERS}
# They cannot be held to one call at a time, and fetch no images.
SEVERAL_CALLS = {"gemini", "bedrock", "cohere", "ollama"}
NO_ADDRESSES = {"bedrock", "ollama"}

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
        return [call for call in json.load(answer) if call["model"] == model]


def _admin(path: str):
    request = urllib.request.Request(f"{os.environ['ADMIN_URL']}/api/v1{path}")
    request.add_header("authorization", f"Bearer {os.environ['ADMIN_TOKEN']}")
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def _awaited(ask):
    """Asks until there is something, for ten seconds: the journal is shipped in batches."""
    for _ in range(200):
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("no row in the ledger within ten seconds")


def cost_of(raw):
    """What a raw answer of an SDK cost by the ledger, in nano-dollars; None when that is unknown."""
    return _awaited(lambda: _admin(f"/requests/{raw.headers['x-weir-request-id']}"))["cost"]


def rows_of(model: str, count: int) -> list:
    """The rows of a model in the ledger, as soon as there are so many."""
    page = f"/requests?model={urllib.parse.quote(model, safe='')}"
    return _awaited(lambda: (rows := _admin(page)["items"]) and len(rows) >= count and rows)


def new_model(provider: str) -> str:
    """A name of a model that the vendor could have; Gemini 3 is the strictest of Google's."""
    family = "gemini-3-flash" if provider == "gemini" else "model"
    return f"{family}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(params=PROVIDERS)
def provider(request) -> str:
    """The vendor behind the gateway."""
    return request.param


@pytest.fixture
def model(provider) -> str:
    """A model of the vendor, addressed directly; a new one for each test, so that scripts do not mix."""
    return f"{provider}/{new_model(provider)}"


@pytest.fixture
def flaky(provider) -> str:
    """A model route that does not retry by itself."""
    return f"flaky-{provider}"
