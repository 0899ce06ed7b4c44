// The Vercel AI SDK, unchanged: its clients of OpenAI, of Anthropic and of Google, in front of every vendor.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, Output, stepCountIs, streamText, tool } from 'ai'
import { z } from 'zod'
import { gateway, key, newModel, providers } from './stand.mjs'

const weather = { Paris: '21 °C', Tokyo: '8 °C' }
const tools = {
  get_weather: tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => weather[city],
  }),
}
const question = 'Compare the weather in Paris and Tokyo'
const Trip = z.object({ city: z.string(), days: z.number().int() })
const openai = createOpenAI({ baseURL: `${gateway}/v1`, apiKey: key })
const compatible = createOpenAICompatible({
  name: 'weir',
  baseURL: `${gateway}/v1`,
  apiKey: key,
  includeUsage: true,
  supportsStructuredOutputs: true,
})
const anthropic = createAnthropic({ baseURL: `${gateway}/v1`, apiKey: key })
const google = createGoogleGenerativeAI({ baseURL: `${gateway}/v1beta`, apiKey: key })
const dialects = {
  openai: { model: openai.chat },
  // Unless told not to, it refers to what it said before by ids, as if the provider kept it: none of these does.
  responses: { model: openai.responses, providerOptions: { openai: { store: false } } },
  compatible: { model: compatible },
  anthropic: { model: anthropic },
  // It takes a name with a slash for a whole path.
  google: { model: (id) => google(`models/${id}`) },
}

const returned = /get_weather returned “21 °C”\. get_weather returned “8 °C”\.$/
/** The client of Google puts a result into an object of fields of its own, and all of that is the result then. */
const results = (text) => text.replaceAll(/\{"name":"get_weather","content":"([^"]*)"\}/g, '$1')

for (const [dialect, { model, providerOptions }] of Object.entries(dialects)) {
  for (const provider of providers) {
    const ask = (more) => ({
      model: model(newModel(provider)),
      providerOptions,
      maxRetries: 0,
      maxOutputTokens: 500,
      ...more,
    })

    describe(`the AI SDK's ${dialect} in front of ${provider}`, { concurrency: false }, () => {
      test('text', async () => {
        const answer = await generateText(ask({ system: 'Be brief.', prompt: 'Grüße, 世界' }))
        assert.equal(answer.text, 'You said “Grüße, 世界” — 好的 🌍. System said “Be brief.”.')
        assert.equal(answer.finishReason, 'stop')
        assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0)
      })

      test('a stream and a whole answer say and cost the same', async () => {
        const request = ask({ prompt: 'Hello there' })
        const whole = await generateText(request)
        const stream = streamText(request)
        let text = ''
        for await (const piece of stream.textStream) text += piece
        const usage = await stream.usage
        assert.equal(text, whole.text)
        assert.deepEqual(
          [usage.inputTokens, usage.outputTokens],
          [whole.usage.inputTokens, whole.usage.outputTokens],
        )
      })

      test('tools run to the end', async () => {
        const answer = await generateText(ask({ prompt: question, tools, stopWhen: stepCountIs(3) }))
        assert.equal(answer.steps.length, 2)
        assert.deepEqual(
          answer.steps[0].toolResults.map((result) => result.output),
          ['21 °C', '8 °C'],
        )
        assert.match(results(answer.text), returned)
      })

      test('streamed tools run to the end', async () => {
        const stream = streamText(ask({ prompt: question, tools, stopWhen: stepCountIs(3) }))
        let text = ''
        for await (const piece of stream.textStream) text += piece
        assert.equal((await stream.steps).length, 2)
        assert.match(results(text), returned)
      })

      test('an object of a schema', async () => {
        const request = ask({ prompt: 'Paris', output: Output.object({ schema: Trip }) })
        // With a Claude that it does not know it forces a call of a tool in the place of a schema, which Ollama cannot.
        if (dialect === 'anthropic' && provider === 'ollama') {
          request.providerOptions = { anthropic: { structuredOutputMode: 'outputFormat' } }
        }
        const answer = await generateText(request)
        assert.deepEqual(answer.output, { city: 'Paris', days: 7 })
      })
    })
  }
}
