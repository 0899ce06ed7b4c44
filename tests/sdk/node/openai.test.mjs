// The official `openai` package, in front of every vendor.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { calls, flakyOf, gateway, key, newModel, noAddresses, png, providers, script } from './stand.mjs'

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 })
const tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const question = [{ role: 'user', content: 'Compare the weather in Paris and Tokyo' }]
const hello = [{ role: 'user', content: 'Hello there' }]
const Trip = z.object({ city: z.string(), days: z.number().int() })

for (const provider of providers) {
  describe(`openai in front of ${provider}`, { concurrency: false }, () => {
    const { flaky, upstream } = flakyOf(provider, 'openai')

    test('chat', async () => {
      const model = newModel(provider)
      const { data, response } = await client.chat.completions
        .create({
          model,
          temperature: 0.5,
          max_tokens: 500,
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'Grüße, 世界' },
          ],
        })
        .withResponse()
      assert.equal(data.choices[0].message.content, 'You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”.')
      assert.equal(data.choices[0].finish_reason, 'stop')
      assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens)
      assert.equal(response.headers.get('x-weir-request-id').length, 36)
    })

    test('stream', async () => {
      const model = newModel(provider)
      const whole = await client.chat.completions.create({ model, messages: hello })
      const stream = await client.chat.completions.create({
        model,
        messages: hello,
        stream: true,
        stream_options: { include_usage: true },
      })
      let text = ''
      let usage
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta?.content ?? ''
        usage = chunk.usage ?? usage
      }
      assert.equal(text, whole.choices[0].message.content)
      assert.equal(usage.completion_tokens, whole.usage.completion_tokens)
    })

    test('parallel tools and their results', async () => {
      const model = newModel(provider)
      const answer = await client.chat.completions.create({ model, messages: question, tools: [tool] })
      const { message, finish_reason } = answer.choices[0]
      assert.equal(finish_reason, 'tool_calls')
      const asked = message.tool_calls.map((call) => JSON.parse(call.function.arguments))
      assert.deepEqual(asked, [{ city: 'Paris' }, { city: 'Tokyo' }])
      const results = message.tool_calls.map((call, n) => ({
        role: 'tool',
        tool_call_id: call.id,
        content: ['21 °C', '8 °C'][n],
      }))
      const messages = [...question, message, ...results]
      const final = await client.chat.completions.create({ model, messages, tools: [tool] })
      const text = final.choices[0].message.content
      assert.ok(text.endsWith('get_weather returned “21 °C”. get_weather returned “8 °C”.'), text)
    })

    test('streamed tools', async () => {
      const finished = []
      const stream = client.chat.completions.stream({ model: newModel(provider), messages: question, tools: [tool] })
      stream.on('tool_calls.function.arguments.done', (call) => finished.push([call.index, call.name, JSON.parse(call.arguments)]))
      const final = await stream.finalChatCompletion()
      assert.deepEqual(finished, [
        [0, 'get_weather', { city: 'Paris' }],
        [1, 'get_weather', { city: 'Tokyo' }],
      ])
      assert.equal(new Set(final.choices[0].message.tool_calls.map((call) => call.id)).size, 2)
    })

    test('images', async () => {
      const content = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
      ]
      const request = { model: newModel(provider), messages: [{ role: 'user', content }] }
      const shown = (await client.chat.completions.create(request)).choices[0].message.content
      assert.ok(shown.endsWith('I see image/png of 70 bytes.'), shown)
      content.push({ type: 'image_url', image_url: { url: 'https://example.com/cat.png' } })
      if (noAddresses.has(provider)) {
        const refused = (error) => error instanceof OpenAI.BadRequestError && error.param === 'messages[0].content[2]'
        await assert.rejects(client.chat.completions.create(request), refused)
        return
      }
      const text = (await client.chat.completions.create(request)).choices[0].message.content
      assert.ok(text.includes('I see image/png of 70 bytes and the image at https://example.com/cat.png.'), text)
    })

    test('JSON schema', async () => {
      const request = {
        model: newModel(provider),
        messages: [{ role: 'user', content: 'Paris' }],
        response_format: zodResponseFormat(Trip, 'trip'),
      }
      const answer = await client.chat.completions.parse(request)
      assert.deepEqual(answer.choices[0].message.parsed, { city: 'Paris', days: 7 })
      const streamed = await client.chat.completions.stream(request).finalChatCompletion()
      assert.deepEqual(streamed.choices[0].message.parsed, { city: 'Paris', days: 7 })
    })

    test('errors', async () => {
      const model = newModel(provider)
      const unknown = client.chat.completions.create({ model: 'no-such-model', messages: hello })
      await assert.rejects(unknown, (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found')
      const stranger = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: 'weir_wrong', maxRetries: 0 })
      await assert.rejects(stranger.chat.completions.create({ model, messages: hello }), OpenAI.AuthenticationError)
      await assert.rejects(client.chat.completions.create({ model, messages: 'not a list' }), OpenAI.BadRequestError)
      for (const [status, expected] of [
        [400, OpenAI.BadRequestError],
        [429, OpenAI.RateLimitError],
        [500, OpenAI.InternalServerError],
      ]) {
        await script(provider, upstream, { status, headers: [['retry-after', '0']] })
        await assert.rejects(client.chat.completions.create({ model: flaky, messages: hello }), expected)
      }
    })

    test('an error inside a stream', async () => {
      const model = newModel(provider)
      await script(provider, model.split('/')[1], { fault: { error_event: { after: 6 } } })
      await assert.rejects(async () => {
        const stream = await client.chat.completions.create({ model, messages: hello, stream: true })
        for await (const chunk of stream) assert.ok(chunk)
      }, OpenAI.APIError)
    })

    test('retries', async () => {
      const before = (await calls(provider, upstream)).length
      await script(provider, upstream, { status: 429, headers: [['retry-after', '0']] })
      await script(provider, upstream, { status: 503, headers: [['retry-after', '0']] })
      const patient = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 3 })
      const answer = await patient.chat.completions.create({ model: flaky, messages: hello })
      assert.ok(answer.choices[0].message.content)
      const statuses = (await calls(provider, upstream)).slice(before).map((call) => call.status)
      assert.deepEqual(statuses, [429, 503, 200])
    })

    test('models', async () => {
      const ids = []
      for await (const model of client.models.list()) ids.push(model.id)
      assert.ok(ids.includes(flaky), String(ids))
      for (const name of [flaky, newModel(provider)]) assert.equal((await client.models.retrieve(name)).id, name)
    })

    test('what is not served', async () => {
      await assert.rejects(client.vectorStores.create({ name: 'Hi' }), (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError)
        assert.match(error.message, /does not serve POST \/v1\/vector_stores/)
        return true
      })
    })
  })
}

describe('openai, embeddings', () => {
  test('as the SDK asks by default (base64) and as numbers', async () => {
    const request = { model: 'demo/demo-embedding', input: ['the cat sat', 'Grüße, 世界'], dimensions: 16 }
    const byDefault = await client.embeddings.create(request)
    const numbers = await client.embeddings.create({ ...request, encoding_format: 'float' })
    assert.deepEqual(
      byDefault.data.map((one) => one.index),
      [0, 1],
    )
    byDefault.data.forEach((one, at) => {
      assert.equal(one.embedding.length, 16)
      one.embedding.forEach((n, i) => assert.ok(Math.abs(n - numbers.data[at].embedding[i]) < 1e-7))
    })
    assert.ok(byDefault.usage.prompt_tokens > 0 && byDefault.usage.cost > 0)
  })
})
