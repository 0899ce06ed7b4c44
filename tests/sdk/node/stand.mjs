// Where the gateway and the fakes are, and scripts for what a fake does next.
import { randomUUID } from 'node:crypto'

export const gateway = process.env.GATEWAY_URL
export const key = process.env.GATEWAY_KEY
export const providers = ['openai', 'anthropic']
/** Those too whose dialects no application speaks. */
export const everyProvider = [...providers, 'gemini', 'bedrock', 'cohere', 'ollama']
const fakes = { openai: process.env.FAKE_OPENAI_URL, anthropic: process.env.FAKE_ANTHROPIC_URL }

// 1 x 1 pixel, 70 bytes.
export const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A model of the vendor, addressed directly; a new one for each test, so that scripts do not mix. */
export const newModel = (provider) =>
  `${provider}/${provider === 'gemini' ? 'gemini-3-flash' : 'model'}-${randomUUID().slice(0, 8)}`

/** Tells a fake vendor what to do with the next call of a model. */
export async function script(provider, model, what) {
  const body = JSON.stringify({ model, times: 1, script: what })
  const answer = await fetch(`${fakes[provider]}/__fakes/script`, { method: 'POST', body })
  if (!answer.ok) throw new Error(await answer.text())
}

/** What a fake vendor received for a model. */
export async function calls(provider, model) {
  const answer = await fetch(`${fakes[provider]}/__fakes/requests`)
  return (await answer.json()).filter((call) => call.body?.model === model)
}
