// The official `@google/genai` package, in front of every vendor and of the demo provider.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel, Type } from '@google/genai'
import { flakyOf, gateway, key, newModel, png, providers, script } from './stand.mjs'

const clientWith = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway } })
const client = clientWith(key)
const tools = [
  {
    functionDeclarations: [
      {
        name: 'get_weather',
        description: 'The weather in a city',
        parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
      },
    ],
  },
]
const question = 'Compare the weather in Paris and Tokyo'

for (const vendor of providers) {
  describe(`@google/genai in front of ${vendor}`, { concurrency: false }, () => {
    const { flaky, upstream } = flakyOf(vendor, 'google')

    test('plain', async () => {
      const answer = await client.models.generateContent({
        model: newModel(vendor),
        contents: 'Grüße, 世界',
        config: { systemInstruction: 'Be brief.', temperature: 0.5, maxOutputTokens: 500 },
      })
      assert.equal(answer.text, 'You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”.')
      assert.equal(answer.candidates[0].finishReason, 'STOP')
      const usage = answer.usageMetadata
      assert.equal(usage.totalTokenCount, usage.promptTokenCount + usage.candidatesTokenCount)
    })

    test('stream', async () => {
      const model = newModel(vendor)
      const whole = await client.models.generateContent({ model, contents: 'Hello there' })
      let text = ''
      let usage
      for await (const chunk of await client.models.generateContentStream({ model, contents: 'Hello there' })) {
        text += chunk.text ?? ''
        usage = chunk.usageMetadata ?? usage
      }
      assert.equal(text, whole.text)
      assert.equal(usage.candidatesTokenCount, whole.usageMetadata.candidatesTokenCount)
    })

    test('parallel tools and their results in a chat', async () => {
      const chat = client.chats.create({ model: newModel(vendor), config: { tools } })
      const first = await chat.sendMessage({ message: question })
      assert.deepEqual(first.functionCalls.map((call) => call.args), [{ city: 'Paris' }, { city: 'Tokyo' }])
      const results = first.functionCalls.map((call, at) => ({
        functionResponse: { id: call.id, name: call.name, response: { output: ['21 °C', '8 °C'][at] } },
      }))
      const answer = await chat.sendMessage({ message: results })
      assert.ok(answer.text.endsWith('get_weather returned “21 °C”. get_weather returned “8 °C”.'), answer.text)
    })

    test('a forced tool, streamed', async () => {
      const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } }
      const calls = []
      const request = { model: newModel(vendor), contents: 'Hello there', config: { tools, toolConfig } }
      for await (const chunk of await client.models.generateContentStream(request)) {
        calls.push(...(chunk.functionCalls ?? []))
      }
      // Ollama cannot be made to call a tool.
      assert.deepEqual(calls.map((call) => call.name), vendor === 'ollama' ? [] : ['get_weather'])
    })

    test('schema', async () => {
      const responseSchema = {
        type: Type.OBJECT,
        properties: { city: { type: Type.STRING }, days: { type: Type.INTEGER } },
        required: ['city', 'days'],
      }
      const config = { responseMimeType: 'application/json', responseSchema }
      const answer = await client.models.generateContent({ model: newModel(vendor), contents: 'A trip', config })
      assert.deepEqual(JSON.parse(answer.text), { city: 'A trip', days: 7 })
    })

    test('image', async () => {
      const contents = [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: png } }]
      const answer = await client.models.generateContent({ model: newModel(vendor), contents })
      assert.ok(answer.text.includes('I see image/png of 70 bytes.'), answer.text)
    })

    test('tokens are counted', async () => {
      const counted = await client.models.countTokens({ model: newModel(vendor), contents: 'How are you today?' })
      assert.ok(counted.totalTokens > 0)
    })

    test('errors', async () => {
      const ask = (client, model) => client.models.generateContent({ model, contents: 'hi' })
      const is = (status) => (error) => error instanceof ApiError && error.status === status
      await assert.rejects(ask(client, 'nobody/nothing'), is(404))
      await assert.rejects(ask(clientWith('weir_wrong'), newModel(vendor)), is(401))
      await script(vendor, upstream, { status: 429 })
      await assert.rejects(ask(client, flaky), is(429))
      await script(vendor, upstream, { fault: { error_event: { after: 3 } } })
      const contents = 'Hello there, this is a longer text'
      const drain = async () => {
        for await (const _ of await client.models.generateContentStream({ model: flaky, contents }));
      }
      await assert.rejects(drain(), is({ anthropic: 503, gemini: 503, bedrock: 429 }[vendor] ?? 500))
    })
  })
}

for (const [vendor, model, thinking] of [
  ['anthropic', 'claude-sonnet-4-5-', { thinkingBudget: 2000 }],
  ['bedrock', 'anthropic.claude-sonnet-4-5-', { thinkingBudget: 2000 }],
  ['gemini', 'gemini-3-flash-', { thinkingLevel: ThinkingLevel.LOW }],
]) {
  test(`thinking comes from ${vendor} and goes back`, async () => {
    const config = { thinkingConfig: { ...thinking, includeThoughts: true }, maxOutputTokens: 8000 }
    const chat = client.chats.create({ model: newModel(vendor).replace('/model-', `/${model}`), config })
    const first = await chat.sendMessage({ message: 'Hello there' })
    const thoughts = first.candidates[0].content.parts.filter((part) => part.thought && part.text)
    assert.equal(thoughts[0].text, 'The user said “Hello there”. 想一想…')
    const second = await chat.sendMessage({ message: 'And now?' })
    assert.equal(second.text, 'You said “And now?” — 好的 🌍.')
  })
}

test('the demo provider', async () => {
  const model = 'demo/demo-small'
  const whole = await client.models.generateContent({ model, contents: 'hello' })
  let text = ''
  for await (const chunk of await client.models.generateContentStream({ model, contents: 'hello' })) {
    text += chunk.text ?? ''
  }
  assert.ok(text.length > 0)
  assert.equal(text, whole.text)
})

test('models are listed and shown', async () => {
  const names = []
  for await (const model of await client.models.list()) names.push(model.name)
  assert.ok(names.includes('models/demo/demo-small'), String(names))
  assert.equal((await client.models.get({ model: 'demo/demo-small' })).name, 'models/demo/demo-small')
})

for (const model of ['openai/embed', 'gemini/gemini-embedding-001', 'cohere/embed-v4.0', 'ollama/nomic-embed-text']) {
  test(`embeddings of ${model}`, async () => {
    const contents = ['the cat sat', 'Grüße, 世界']
    const made = await client.models.embedContent({ model, contents, config: { outputDimensionality: 4 } })
    const expected = contents.map((text, at) => [at, Buffer.byteLength(text), 0.1, 0.1])
    assert.deepEqual(made.embeddings.map((one) => one.values), expected)
  })
}
