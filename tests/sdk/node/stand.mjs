// Where the gateway and the fakes are, scripts for what a fake does next, and the ledger.
import { randomUUID } from 'node:crypto'

export const gateway = process.env.GATEWAY_URL
export const key = process.env.GATEWAY_KEY
/** Vendors that applications speak the dialects of, and those that the gateway alone speaks to. */
export const providers = ['openai', 'anthropic', 'gemini', 'bedrock', 'cohere', 'ollama']
/** They fetch no images. */
export const noAddresses = new Set(['bedrock', 'ollama'])
const fakes = Object.fromEntries(providers.map((name) => [name, process.env[`FAKE_${name.toUpperCase()}_URL`]]))

// 1 x 1 pixel, 70 bytes.
export const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A model of the vendor, addressed directly; a new one for each test, so that scripts do not mix. */
export const newModel = (provider) =>
  `${provider}/${provider === 'gemini' ? 'gemini-3-flash' : 'model'}-${randomUUID().slice(0, 8)}`

/** A model route of a suite that does not retry by itself, and the model behind it. */
export const flakyOf = (provider, suite) => ({
  flaky: `flaky-${provider}-${suite}`,
  upstream: `model-flaky-${provider}-${suite}`,
})

/** Tells a fake vendor what to do with the next call of a model. */
export async function script(provider, model, what) {
  const body = JSON.stringify({ model, times: 1, script: what })
  const answer = await fetch(`${fakes[provider]}/__fakes/script`, { method: 'POST', body })
  if (!answer.ok) throw new Error(await answer.text())
}

/** What a fake vendor received for a model. */
export async function calls(provider, model) {
  const answer = await fetch(`${fakes[provider]}/__fakes/requests`)
  return (await answer.json()).filter((call) => call.model === model)
}

async function admin(path) {
  const headers = { authorization: `Bearer ${process.env.ADMIN_TOKEN}` }
  const answer = await fetch(`${process.env.ADMIN_URL}/api/v1${path}`, { headers })
  return answer.ok ? answer.json() : undefined
}

/** Asks until there is something, for ten seconds: the journal is shipped in batches. */
async function awaited(ask) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await ask()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('no row in the ledger within ten seconds')
}

/** What an answer cost by the ledger, in nano-dollars; null when that is unknown. */
export const costOf = async (response) =>
  (await awaited(() => admin(`/requests/${response.headers.get('x-weir-request-id')}`))).cost

/** The rows of a model in the ledger, as soon as there are so many. */
export const rowsOf = (model, count) =>
  awaited(async () => {
    const page = await admin(`/requests?model=${encodeURIComponent(model)}`)
    return page?.items.length >= count ? page.items : undefined
  })
