// What the official `openai` package and the Vercel AI SDK have beside chats, and what each call costs by the ledger. The
// prices are those of `stand.py`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import {
  embedMany,
  experimental_generateSpeech as generateSpeech,
  experimental_transcribe as transcribe,
  generateImage,
} from 'ai'
import OpenAI, { toFile } from 'openai'
import { calls, costOf, gateway, key, newModel, png, providers } from './stand.mjs'

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 })
const kit = createOpenAI({ baseURL: `${gateway}/v1`, apiKey: key })
const google = createGoogleGenerativeAI({ baseURL: `${gateway}/v1beta`, apiKey: key })
// Nano-dollars for a token in and out, an image, a character spoken, a second heard.
const [IN, OUT, IMAGE, CHARACTER, SECOND] = [1_000, 10_000, 40_000_000, 10_000, 100_000]
const spoken = Uint8Array.from({ length: 256 }, (_, at) => at)
const pixel = () => toFile(Buffer.from(png, 'base64'), 'weir.png', { type: 'image/png' })
const texts = ['the cat sat', 'Grüße, 世界']
const embedders = ['openai/embed', 'gemini/gemini-embedding-001', 'cohere/embed-v4.0', 'ollama/nomic-embed-text']
// No recording by its head, so that nothing but the answer says how long it is.
const noise = Buffer.from('not really a recording')
const sound = () => toFile(noise, 'weir.mp3', { type: 'audio/mpeg' })

/** A model of OpenAI's, new for each test: as it is asked for, and as OpenAI knows it. */
function named(family) {
  const model = newModel('openai').replace('/model-', `/${family}-`)
  return [model, model.split('/')[1]]
}

for (const model of embedders) {
  test(`embeddings of ${model}, as the SDK asks by default (base64) and as numbers`, async () => {
    for (const [more, close] of [[{}, 1e-8], [{ encoding_format: 'float' }, 0]]) {
      const request = { model, input: texts, dimensions: 4, ...more }
      const { data: made, response } = await client.embeddings.create(request).withResponse()
      assert.deepEqual(made.data.map((one) => one.index), [0, 1])
      made.data.forEach(({ embedding }, at) => {
        const expected = [at, Buffer.byteLength(texts[at]), 0.1, 0.1]
        assert.equal(embedding.length, 4)
        embedding.forEach((n, i) => assert.ok(Math.abs(n - expected[i]) <= close, String(embedding)))
      })
      assert.equal(made.usage.prompt_tokens, 5)
      assert.equal(await costOf(response), 5 * IN)
    }
  })
}

test('embeddings by the AI SDK, in the dialects of OpenAI and Google', async () => {
  for (const name of embedders) {
    for (const model of [kit.embedding(name), google.embedding(name)]) {
      const made = await embedMany({ model, values: texts, maxRetries: 0 })
      assert.deepEqual(made.embeddings, texts.map((text, at) => [at, Buffer.byteLength(text), 0.1]))
    }
  }
})

test('images are made and cost their tokens, or by number', async () => {
  const [model, upstream] = named('gpt-image-1')
  const asked = { prompt: 'a weir', n: 2, size: '1024x1024' }
  const { data: made, response } = await client.images.generate({ model, ...asked }).withResponse()
  assert.deepEqual(made.data.map((image) => image.b64_json), [png, png])
  assert.equal(await costOf(response), 10 * IN + 20 * OUT)
  assert.deepEqual((await calls('openai', upstream))[0].body, { model: upstream, ...asked })
  const dalle = await client.images.generate({ model: named('dall-e-3')[0], prompt: 'a weir', n: 3 }).withResponse()
  assert.equal(await costOf(dalle.response), 3 * IMAGE)
})

test('images are edited from files, and come in pieces', async () => {
  const [model] = named('gpt-image-1')
  const edit = { model, image: [await pixel(), await pixel()], mask: await pixel(), prompt: 'red' }
  const { data: made, response } = await client.images.edit(edit).withResponse()
  assert.equal(made.data[0].b64_json, png)
  assert.equal(await costOf(response), 40 * IN + 20 * OUT)
  const types = []
  const stream = await client.images.generate({ model, prompt: 'a weir', stream: true, partial_images: 1 })
  for await (const event of stream) types.push(event.type)
  assert.deepEqual(types, ['image_generation.partial_image', 'image_generation.completed'])
})

test('an image by the AI SDK', async () => {
  const made = await generateImage({ model: kit.image(named('gpt-image-1')[0]), prompt: 'a weir', maxRetries: 0 })
  assert.equal(made.image.base64, png)
})

test('speech comes byte for byte and costs by character', async () => {
  const asked = { model: named('tts-1')[0], voice: 'alloy', input: 'Grüße' }
  const response = await client.audio.speech.create(asked)
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), spoken)
  assert.equal(await costOf(response), 5 * CHARACTER)
  const model = kit.speech(asked.model)
  const { audio } = await generateSpeech({ model, text: 'Grüße', voice: 'alloy', maxRetries: 0 })
  assert.deepEqual(new Uint8Array(audio.uint8Array), spoken)
})

test('speech is heard and costs tokens or seconds', async () => {
  const [model] = named('gpt-4o-transcribe')
  const heard = `heard ${noise.length} bytes`
  const plain = await client.audio.transcriptions.create({ model, file: await sound() }).withResponse()
  assert.equal(plain.data.text, heard)
  assert.equal(await costOf(plain.response), 14 * IN + 4 * OUT)
  const whisper = named('whisper-1')[0]
  const verbose = { model: whisper, file: await sound(), response_format: 'verbose_json' }
  const long = await client.audio.transcriptions.create(verbose).withResponse()
  assert.equal(long.data.duration, 2.5)
  assert.equal(await costOf(long.response), 2.5 * SECOND)
  const texted = { model: whisper, file: await sound(), response_format: 'text' }
  const { data, response } = await client.audio.translations.create(texted).withResponse()
  assert.equal(data, `${heard}\n`)
  // Neither the answer nor the file says how long it is: unknown is not 0.
  assert.equal(await costOf(response), null)
  const types = []
  for await (const event of await client.audio.transcriptions.create({ model, file: await sound(), stream: true })) {
    types.push(event.type)
  }
  assert.deepEqual(types, ['transcript.text.delta', 'transcript.text.done'])
  const byKit = await transcribe({ model: kit.transcription(model), audio: noise, maxRetries: 0 })
  assert.equal(byKit.text, heard)
})

test('texts are judged', async () => {
  const asked = { model: named('omni-moderation')[0], input: ['a nice weir'] }
  const { data, response } = await client.moderations.create(asked).withResponse()
  assert.equal(data.results[0].flagged, false)
  assert.ok((await costOf(response)) > 0)
})

test('a text is continued as before there were chats', async () => {
  const asked = { model: named('davinci')[0], prompt: 'A weir is', max_tokens: 5 }
  const { data, response } = await client.completions.create(asked).withResponse()
  assert.equal(data.choices[0].text, 'continues "A weir is"')
  assert.equal(await costOf(response), 4 * IN + 2 * OUT)
  const streamed = await client.completions.create({ ...asked, stream: true }).withResponse()
  let text = ''
  for await (const chunk of streamed.data) text += chunk.choices.map((choice) => choice.text).join('')
  assert.equal(text, data.choices[0].text)
  assert.equal(await costOf(streamed.response), 4 * IN + 2 * OUT)
})

for (const provider of providers.filter((name) => name !== 'openai')) {
  test(`${provider} has no images and no sound, and is not asked`, async () => {
    const model = newModel(provider)
    const refused = (error) => error instanceof OpenAI.BadRequestError && error.param === 'model'
    await assert.rejects(client.images.generate({ model, prompt: 'a weir' }), refused)
    await assert.rejects(client.audio.speech.create({ model, voice: 'alloy', input: 'x' }), refused)
    assert.deepEqual(await calls(provider, model.split('/')[1]), [])
  })
}
