"""Where the gateway is, and which models to call: frameworks are run against every vendor behind it."""

import os
import uuid

import pytest

GATEWAY = os.environ["GATEWAY_URL"]
KEY = os.environ["GATEWAY_KEY"]

# Nobody of these is to send anything anywhere but to the gateway.
os.environ.update(LANGSMITH_TRACING="false", LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_TELEMETRY="False")


@pytest.fixture(params=["openai", "anthropic", "gemini", "bedrock", "cohere", "ollama"])
def model(request) -> str:
    """A model of the vendor behind the gateway, addressed directly; a new one for each test."""
    family = "gemini-3-flash" if request.param == "gemini" else "model"
    return f"{request.param}/{family}-{uuid.uuid4().hex[:8]}"
