// The official `openai` package, speaking the Responses API in front of every vendor.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { costOf, gateway, key, newModel, providers } from './stand.mjs'

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 })
const tools = [
  {
    type: 'function',
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
    strict: false,
  },
]
const question = { role: 'user', content: 'Compare the weather in Paris and Tokyo' }
const Trip = z.object({ city: z.string(), days: z.number().int() })

for (const provider of [...providers, 'responses']) {
  describe(`responses in front of ${provider}`, { concurrency: false }, () => {
    test('whole and stream say the same', async () => {
      const request = { model: newModel(provider), input: 'Grüße, 世界', instructions: 'Be brief.' }
      const whole = await client.responses.create(request)
      assert.equal(whole.output_text, 'You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”.')
      assert.deepEqual([whole.status, whole.instructions], ['completed', 'Be brief.'])
      assert.equal(whole.usage.total_tokens, whole.usage.input_tokens + whole.usage.output_tokens)
      const events = []
      for await (const event of await client.responses.create({ ...request, stream: true })) events.push(event)
      assert.deepEqual([events[0].type, events.at(-1).type], ['response.created', 'response.completed'])
      assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()])
      const deltas = events.filter((event) => event.type === 'response.output_text.delta')
      assert.equal(deltas.map((event) => event.delta).join(''), whole.output_text)
      assert.deepEqual(events.at(-1).response.usage, whole.usage)
    })

    test('a round of parallel tools', async () => {
      const model = newModel(provider)
      const first = await client.responses.create({ model, input: [question], tools })
      const calls = first.output.filter((item) => item.type === 'function_call')
      assert.deepEqual(calls.map((call) => JSON.parse(call.arguments)), [{ city: 'Paris' }, { city: 'Tokyo' }])
      const results = calls.map((call, n) => ({
        type: 'function_call_output',
        call_id: call.call_id,
        output: ['21 °C', '8 °C'][n],
      }))
      const second = await client.responses.create({ model, input: [question, ...first.output, ...results], tools })
      const text = second.output_text
      assert.ok(text.endsWith('get_weather returned “21 °C”. get_weather returned “8 °C”.'), text)
    })

    test('the stream helper puts calls together', async () => {
      const stream = client.responses.stream({ model: newModel(provider), input: [question], tools })
      const final = await stream.finalResponse()
      const calls = final.output.filter((item) => item.type === 'function_call')
      assert.deepEqual(calls.map((call) => call.arguments), ['{"city":"Paris"}', '{"city":"Tokyo"}'])
      assert.equal(new Set(calls.map((call) => call.call_id)).size, 2)
    })

    test('a structured answer', async () => {
      const format = zodTextFormat(Trip, 'trip')
      const answer = await client.responses.parse({ model: newModel(provider), input: 'Paris', text: { format } })
      assert.deepEqual(answer.output_parsed, { city: 'Paris', days: 7 })
    })
  })
}

test('state that nobody keeps is refused by its name', async () => {
  const request = { model: 'demo/demo-small', input: 'x', previous_response_id: 'resp_1' }
  await assert.rejects(client.responses.create(request), (error) => error.param === 'previous_response_id')
})

test('who keeps its answers is asked for them, built on, and made to forget', async () => {
  const model = newModel('keeping')
  const first = await client.responses.create({ model, input: 'one' }).withResponse()
  assert.equal(first.data.output_text, 'keeping heard “one”.')
  // 16 tokens read, 4 from the cache, 7 written.
  assert.equal(await costOf(first.response), 20 * 1_000 + 7 * 10_000)
  const { id } = first.data
  const second = await client.responses.create({ model, input: 'two', previous_response_id: id })
  assert.equal(second.output_text, 'keeping heard “two”. Before, I said “keeping heard “one”.”.')
  const kept = await client.responses.retrieve(id).withResponse()
  assert.deepEqual([kept.data.id, kept.data.output_text], [id, first.data.output_text])
  assert.equal(await costOf(kept.response), 0)
  const items = (await client.responses.inputItems.list(id)).data
  assert.deepEqual(items.map((item) => item.id.slice(0, 8)), ['msg_wrid'])
  await client.responses.delete(id)
  await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError)
})

test('tokens are counted by a provider of the API', async () => {
  const counted = await client.responses.inputTokens.count({ model: newModel('keeping'), input: 'Hello there' })
  assert.equal(counted.input_tokens, 19)
})
