// The official `@anthropic-ai/sdk` package, in front of every vendor.
import Anthropic from '@anthropic-ai/sdk'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { calls, flakyOf, gateway, key, newModel, noAddresses, png, providers, script } from './stand.mjs'

const client = new Anthropic({ baseURL: gateway, apiKey: key, maxRetries: 0 })
const tool = {
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const question = [{ role: 'user', content: 'Compare the weather in Paris and Tokyo' }]
const hello = { max_tokens: 500, messages: [{ role: 'user', content: 'Hello there' }] }
const Trip = z.object({ city: z.string(), days: z.number().int() })

for (const provider of providers) {
  describe(`anthropic in front of ${provider}`, { concurrency: false }, () => {
    const { flaky, upstream } = flakyOf(provider, 'anthropic')

    test('chat', async () => {
      const { data, response } = await client.messages
        .create({
          model: newModel(provider),
          max_tokens: 500,
          system: 'Be brief.',
          messages: [{ role: 'user', content: 'Grüße, 世界' }],
        })
        .withResponse()
      assert.equal(data.content[0].text, 'You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”.')
      assert.equal(data.stop_reason, 'end_turn')
      assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0)
      assert.equal(response.headers.get('x-weir-request-id').length, 36)
    })

    test('stream', async () => {
      const model = newModel(provider)
      const whole = await client.messages.create({ model, ...hello })
      let text = ''
      const stream = client.messages.stream({ model, ...hello }).on('text', (piece) => (text += piece))
      const final = await stream.finalMessage()
      assert.equal(text, whole.content[0].text)
      assert.equal(final.usage.output_tokens, whole.usage.output_tokens)
      assert.equal(final.usage.input_tokens, whole.usage.input_tokens)
    })

    test('parallel tools and their results', async () => {
      const model = newModel(provider)
      const answer = await client.messages.create({ model, max_tokens: 500, messages: question, tools: [tool] })
      const uses = answer.content.filter((block) => block.type === 'tool_use')
      assert.equal(answer.stop_reason, 'tool_use')
      assert.deepEqual(
        uses.map((use) => use.input),
        [{ city: 'Paris' }, { city: 'Tokyo' }],
      )
      const results = uses.map((use, n) => ({ type: 'tool_result', tool_use_id: use.id, content: ['21 °C', '8 °C'][n] }))
      const messages = [
        ...question,
        { role: 'assistant', content: answer.content },
        { role: 'user', content: results },
      ]
      const final = await client.messages.create({ model, max_tokens: 500, messages, tools: [tool] })
      const text = final.content[0].text
      assert.ok(text.endsWith('get_weather returned “21 °C”. get_weather returned “8 °C”.'), text)
    })

    test('streamed tools', async () => {
      let pieces = 0
      const stream = client.messages
        .stream({ model: newModel(provider), max_tokens: 500, messages: question, tools: [tool] })
        .on('inputJson', () => (pieces += 1))
      const final = await stream.finalMessage()
      const inputs = final.content.filter((block) => block.type === 'tool_use').map((block) => block.input)
      assert.deepEqual(inputs, [{ city: 'Paris' }, { city: 'Tokyo' }])
      // Some vendors send a call whole.
      assert.ok(pieces >= 2, `${pieces} pieces`)
    })

    test('images', async () => {
      const content = [
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
      ]
      const request = { model: newModel(provider), max_tokens: 500, messages: [{ role: 'user', content }] }
      const shown = (await client.messages.create(request)).content[0].text
      assert.ok(shown.endsWith('I see image/png of 70 bytes.'), shown)
      content.push({ type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } })
      if (noAddresses.has(provider)) {
        const refused = (error) =>
          error instanceof Anthropic.BadRequestError && error.message.includes('messages[0].content[2].source: ')
        await assert.rejects(client.messages.create(request), refused)
        return
      }
      const { text } = (await client.messages.create(request)).content[0]
      assert.ok(text.includes('I see image/png of 70 bytes and the image at https://example.com/cat.png.'), text)
    })

    test('JSON schema', async () => {
      const answer = await client.messages.parse({
        model: newModel(provider),
        max_tokens: 500,
        messages: [{ role: 'user', content: 'Paris' }],
        output_config: { format: zodOutputFormat(Trip) },
      })
      assert.deepEqual(answer.parsed_output, { city: 'Paris', days: 7 })
    })

    test('errors', async () => {
      const model = newModel(provider)
      const unknown = client.messages.create({ model: 'no-such-model', ...hello })
      await assert.rejects(unknown, (error) => error instanceof Anthropic.NotFoundError && error.type === 'not_found_error')
      const stranger = new Anthropic({ baseURL: gateway, apiKey: 'weir_wrong', maxRetries: 0 })
      await assert.rejects(stranger.messages.create({ model, ...hello }), Anthropic.AuthenticationError)
      const malformed = client.messages.create({ model, max_tokens: 50, messages: 'not a list' })
      await assert.rejects(malformed, Anthropic.BadRequestError)
      for (const [status, expected] of [
        [400, Anthropic.BadRequestError],
        [429, Anthropic.RateLimitError],
        [500, Anthropic.InternalServerError],
      ]) {
        await script(provider, upstream, { status, headers: [['retry-after', '0']] })
        await assert.rejects(client.messages.create({ model: flaky, ...hello }), expected)
      }
    })

    test('an error inside a stream', async () => {
      const model = newModel(provider)
      await script(provider, model.split('/')[1], { fault: { error_event: { after: 6 } } })
      await assert.rejects(client.messages.stream({ model, ...hello }).finalMessage(), Anthropic.APIError)
    })

    test('retries', async () => {
      const before = (await calls(provider, upstream)).length
      await script(provider, upstream, { status: 429, headers: [['retry-after', '0']] })
      await script(provider, upstream, { status: 529, headers: [['retry-after', '0']] })
      const patient = new Anthropic({ baseURL: gateway, apiKey: key, maxRetries: 3 })
      const answer = await patient.messages.create({ model: flaky, ...hello })
      assert.ok(answer.content[0].text)
      const statuses = (await calls(provider, upstream)).slice(before).map((call) => call.status)
      assert.deepEqual(statuses, [429, 529, 200])
    })

    test('models', async () => {
      const ids = []
      for await (const model of client.models.list()) ids.push(model.id)
      assert.ok(ids.includes(flaky), String(ids))
      for (const name of [flaky, newModel(provider)]) assert.equal((await client.models.retrieve(name)).id, name)
    })

    test('tokens are counted', async () => {
      const counted = await client.messages.countTokens({ model: newModel(provider), messages: hello.messages })
      assert.ok(counted.input_tokens > 0)
    })
  })
}
