"""What LangChain and LiteLLM have beside chats: embeddings of every vendor that makes some, and rerank. The prices are those
of `stand.py`."""

import litellm
import pytest
from langchain_google_genai import GoogleGenerativeAIEmbeddings
from langchain_openai import OpenAIEmbeddings

from conftest import GATEWAY, KEY

TEXTS = ["the cat sat", "Grüße, 世界"]
# Of a fake: the place of a text, its length, and a number that is no binary fraction.
VECTORS = [[at, len(text.encode()), 0.1] for at, text in enumerate(TEXTS)]


@pytest.fixture(params=["openai/embed", "gemini/gemini-embedding-001", "cohere/embed-v4.0", "ollama/nomic-embed-text"])
def embedder(request) -> str:
    return request.param


def test_embeddings_of_langchain(embedder):
    # Unless told not to it sends tokens, which it makes by a table from the internet and which OpenAI alone reads.
    texts = {"check_embedding_ctx_length": False}
    client = OpenAIEmbeddings(base_url=f"{GATEWAY}/v1", api_key=KEY, model=embedder, max_retries=0, **texts)
    made = client.embed_documents(TEXTS)
    assert [vector == pytest.approx(expected, abs=1e-8) for vector, expected in zip(made, VECTORS)] == [True, True]
    assert client.embed_query(TEXTS[0]) == pytest.approx(VECTORS[0], abs=1e-8)


def test_embeddings_of_langchains_client_of_google(embedder):
    client = GoogleGenerativeAIEmbeddings(base_url=GATEWAY, api_key=KEY, model=embedder)
    assert client.embed_query(TEXTS[0]) == pytest.approx(VECTORS[0], abs=1e-8)
    made = client.embed_documents(TEXTS)
    assert [vector == pytest.approx(expected, abs=1e-8) for vector, expected in zip(made, VECTORS)] == [True, True]


def test_embeddings_of_litellm(embedder):
    made = litellm.embedding(model=f"openai/{embedder}", api_base=f"{GATEWAY}/v1", api_key=KEY, input=TEXTS)
    vectors = [one["embedding"] for one in made.data]
    assert [vector == pytest.approx(expected, abs=1e-8) for vector, expected in zip(vectors, VECTORS)] == [True, True]
    assert made.usage.prompt_tokens == 5
    assert made._hidden_params["additional_headers"]["llm_provider-x-weir-cost"] == "0.000005"


def test_rerank_of_litellm():
    documents = ["short", "a much longer document", "middling one"]
    where = {"model": "cohere/cohere/rerank-v3.5", "api_base": GATEWAY, "api_key": KEY}
    ranked = litellm.rerank(**where, query="q", documents=documents, top_n=2)
    assert [result["index"] for result in ranked.results] == [1, 2]
    assert ranked.meta["billed_units"]["search_units"] == 1
