"""What the official `openai` package has beside chats, and what each call costs by the ledger: embeddings, images, sound,
moderations and completions. The prices are those of `stand.py`."""

import base64
import uuid

import openai
import pytest

from conftest import GATEWAY, KEY, PNG, calls, cost_of

# Nano-dollars for a token in and out, an image, a character spoken, a second heard.
IN, OUT, IMAGE, CHARACTER, SECOND = 1_000, 10_000, 40_000_000, 10_000, 100_000
PIXEL = ("weir.png", base64.b64decode(PNG), "image/png")
# No recording by its head, so that nothing but the answer says how long it is.
SOUND = ("weir.mp3", b"not really a recording", "audio/mpeg")
SPOKEN = bytes(range(256))
TEXTS = ["the cat sat", "Grüße, 世界"]


@pytest.fixture
def client():
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)


def named(family: str) -> tuple[str, str]:
    """A model of OpenAI's, new for each test: as it is asked for, and as OpenAI knows it."""
    model = f"{family}-{uuid.uuid4().hex[:8]}"
    return f"openai/{model}", model


EMBEDDERS = ["openai/embed", "gemini/gemini-embedding-001", "cohere/embed-v4.0", "ollama/nomic-embed-text"]


@pytest.mark.parametrize("model", EMBEDDERS)
def test_embeddings_as_the_sdk_asks_by_default_and_as_numbers(client, model):
    # The package asks for base64 unless told otherwise, and decodes it.
    for more, close in [({}, 1e-8), ({"encoding_format": "float"}, 0)]:
        raw = client.embeddings.with_raw_response.create(model=model, input=TEXTS, dimensions=4, **more)
        made = raw.parse()
        assert [one.index for one in made.data] == [0, 1]
        for at, (one, text) in enumerate(zip(made.data, TEXTS)):
            assert one.embedding == pytest.approx([at, len(text.encode()), 0.1, 0.1], rel=0, abs=close)
        assert made.usage.prompt_tokens == made.usage.total_tokens == 5
        assert made.usage.model_extra["cost"] == pytest.approx(5e-6)
        assert cost_of(raw) == 5 * IN


def test_embeddings_of_titan_one_text_at_a_time(client):
    model = "bedrock/amazon.titan-embed-text-v2:0"
    raw = client.embeddings.with_raw_response.create(model=model, input="the cat sat")
    assert raw.parse().data[0].embedding == pytest.approx([0, 11, 0.1], abs=1e-8)
    assert cost_of(raw) == 4 * IN
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=model, input=TEXTS)
    assert "at most 1 texts at once" in str(refused.value)


def test_tokens_in_the_place_of_texts_go_to_who_reads_them(client):
    model, upstream = named("embed")
    assert client.embeddings.create(model=model, input=[[1, 2, 3]][0]).data[0].embedding
    assert calls("openai", upstream)[0]["body"]["input"] == [1, 2, 3]
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="cohere/embed-v4.0", input=[1, 2, 3])
    assert refused.value.param == "input"


def test_embeddings_where_there_are_none(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="anthropic/claude", input="x")
    assert "makes no embeddings" in str(refused.value)


def test_images_are_made_and_cost_their_tokens(client):
    model, upstream = named("gpt-image-1")
    raw = client.images.with_raw_response.generate(model=model, prompt="a weir", n=2, size="1024x1024")
    made = raw.parse()
    assert [image.b64_json for image in made.data] == [PNG, PNG]
    assert (made.usage.input_tokens, made.usage.output_tokens) == (10, 20)
    assert cost_of(raw) == 10 * IN + 20 * OUT
    [call] = calls("openai", upstream)
    assert call["body"] == {"model": upstream, "prompt": "a weir", "n": 2, "size": "1024x1024"}


def test_images_of_models_that_count_no_tokens_cost_by_number(client):
    model, _ = named("dall-e-3")
    raw = client.images.with_raw_response.generate(model=model, prompt="a weir", n=3)
    assert len(raw.parse().data) == 3
    assert cost_of(raw) == 3 * IMAGE


def test_images_are_edited_and_varied_from_files(client):
    model, _ = named("gpt-image-1")
    edit = client.images.with_raw_response.edit(model=model, image=[PIXEL, PIXEL], mask=PIXEL, prompt="red")
    assert edit.parse().data[0].b64_json == PNG
    assert cost_of(edit) == 40 * IN + 20 * OUT
    varied = client.images.create_variation(model=model, image=PIXEL)
    assert varied.data[0].b64_json == PNG


def test_an_image_comes_in_pieces(client):
    model, _ = named("gpt-image-1")
    stream = client.images.generate(model=model, prompt="a weir", stream=True, partial_images=1)
    events = list(stream)
    assert [event.type for event in events] == ["image_generation.partial_image", "image_generation.completed"]
    assert events[-1].b64_json == PNG and events[-1].usage.output_tokens == 20
    assert cost_of(stream.response) == 10 * IN + 20 * OUT


def test_speech_comes_byte_for_byte_and_costs_by_character(client):
    model, _ = named("tts-1")
    speech = client.audio.speech.with_raw_response.create(model=model, voice="alloy", input="Grüße")
    assert speech.content == SPOKEN
    assert cost_of(speech) == 5 * CHARACTER
    pieces = client.audio.speech.with_streaming_response
    with pieces.create(model=model, voice="alloy", input="Grüße") as streamed:
        assert b"".join(streamed.iter_bytes()) == SPOKEN


def test_speech_is_heard_and_costs_tokens_or_seconds(client):
    model, _ = named("gpt-4o-transcribe")
    raw = client.audio.transcriptions.with_raw_response.create(model=model, file=SOUND)
    assert raw.parse().text == f"heard {len(SOUND[1])} bytes"
    assert cost_of(raw) == 14 * IN + 4 * OUT
    whisper, _ = named("whisper-1")
    raw = client.audio.transcriptions.with_raw_response.create(
        model=whisper, file=SOUND, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert raw.parse().duration == 2.5
    assert cost_of(raw) == 2.5 * SECOND
    raw = client.audio.translations.with_raw_response.create(model=whisper, file=SOUND, response_format="text")
    assert raw.text == f"heard {len(SOUND[1])} bytes\n"
    # Neither the answer nor the file says how long it is: unknown is not 0.
    assert cost_of(raw) is None


def test_what_is_heard_comes_in_pieces(client):
    model, _ = named("gpt-4o-transcribe")
    stream = client.audio.transcriptions.create(model=model, file=SOUND, stream=True)
    events = list(stream)
    assert [event.type for event in events] == ["transcript.text.delta", "transcript.text.done"]
    assert events[-1].text == events[0].delta == f"heard {len(SOUND[1])} bytes"
    assert cost_of(stream.response) == 14 * IN + 4 * OUT


def test_texts_and_images_are_judged(client):
    model, upstream = named("omni-moderation")
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    given = [{"type": "text", "text": "a nice weir"}, picture]
    raw = client.moderations.with_raw_response.create(model=model, input=given)
    [result] = raw.parse().results
    assert (result.flagged, result.categories.violence) == (False, False)
    assert calls("openai", upstream)[0]["body"]["input"] == given
    assert cost_of(raw) > 0


def test_a_text_is_continued_as_before_there_were_chats(client):
    model, _ = named("davinci")
    raw = client.completions.with_raw_response.create(model=model, prompt="A weir is", max_tokens=5)
    whole = raw.parse()
    assert (whole.choices[0].text, whole.choices[0].finish_reason) == ('continues "A weir is"', "stop")
    assert cost_of(raw) == 4 * IN + 2 * OUT
    stream = client.completions.create(model=model, prompt="A weir is", stream=True)
    chunks = list(stream)
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == whole.choices[0].text
    # Nobody asked for the usage, so none is shown; it is charged nevertheless.
    assert all(chunk.usage is None for chunk in chunks)
    assert cost_of(stream.response) == 4 * IN + 2 * OUT


@pytest.mark.parametrize("provider", ["anthropic", "gemini", "bedrock", "cohere", "ollama"])
def test_who_has_nothing_of_the_kind_is_not_asked(client, provider):
    model = f"{provider}/model-{uuid.uuid4().hex[:8]}"
    for ask in [
        lambda: client.images.generate(model=model, prompt="a weir"),
        lambda: client.audio.transcriptions.create(model=model, file=SOUND),
        lambda: client.moderations.create(model=model, input="x"),
    ]:
        with pytest.raises(openai.BadRequestError) as refused:
            ask()
        assert refused.value.param == "model"
    assert not calls(provider, model.split("/")[1])
