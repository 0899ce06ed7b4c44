// Files and batches in a provider's account, by the official `openai` and `@anthropic-ai/sdk` packages, and what a batch
// costs by the ledger. The prices are those of `stand.py`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { toFile } from 'openai'
import { costOf, gateway, key, newModel, rowsOf } from './stand.mjs'

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 })
const claude = new Anthropic({ baseURL: gateway, apiKey: key, maxRetries: 0 })
// Nano-dollars for a token in a batch, in and out.
const [IN, OUT] = [500, 5_000]
/** As the vendor knows it: a batch names its models so. New for each test. */
const bare = () => newModel('openai').split('/')[1]
const hello = [{ role: 'user', content: 'Hello there' }]

async function upload(model) {
  const line = { method: 'POST', url: '/v1/chat/completions', body: { model, messages: hello } }
  const lines = [0, 1].map((n) => JSON.stringify({ custom_id: `r${n}`, ...line })).join('\n')
  const file = await toFile(Buffer.from(lines), 'in.jsonl')
  return { file: await client.files.create({ file, purpose: 'batch' }), lines }
}

test('a file is kept, shown, fetched and deleted', async () => {
  const { file, lines } = await upload(bare())
  assert.deepEqual([file.filename, file.purpose, file.status], ['in.jsonl', 'batch', 'processed'])
  assert.equal((await client.files.retrieve(file.id)).bytes, lines.length)
  const content = await client.files.content(file.id)
  assert.equal(await content.text(), lines)
  assert.equal(await costOf(content), 0)
  assert.ok((await client.files.delete(file.id)).deleted)
  await assert.rejects(client.files.retrieve(file.id), OpenAI.NotFoundError)
  await assert.rejects(client.files.list(), (error) => error.status === 403 && error.code === 'list_not_served')
})

test('a batch runs to its results and is charged once at its tier', async () => {
  const model = bare()
  const { file } = await upload(model)
  const endpoint = { endpoint: '/v1/chat/completions', completion_window: '24h' }
  const made = await client.batches.create({ input_file_id: file.id, ...endpoint }).withResponse()
  assert.deepEqual([made.data.status, made.data.input_file_id], ['validating', file.id])
  assert.equal(await costOf(made.response), null)
  let done
  for (const expected of ['in_progress', 'completed', 'completed']) {
    done = await client.batches.retrieve(made.data.id)
    assert.equal(done.status, expected)
  }
  const text = await (await client.files.content(done.output_file_id)).text()
  const results = text.trim().split('\n').map((line) => JSON.parse(line))
  assert.deepEqual(results.map((result) => result.custom_id), ['r0', 'r1'])
  assert.equal(results[0].response.body.choices[0].message.content, 'You said “Hello there” — 好的 🌍.')
  const rows = await rowsOf(model, 1)
  const { input_tokens, output_tokens } = done.usage
  assert.deepEqual(rows.map((row) => row.cost), [input_tokens * IN + output_tokens * OUT])
  assert.ok(rows[0].cost > 0)
})

test('a batch is cancelled', async () => {
  const { file } = await upload(bare())
  const endpoint = { endpoint: '/v1/chat/completions', completion_window: '24h' }
  const batch = await client.batches.create({ input_file_id: file.id, ...endpoint })
  assert.equal((await client.batches.cancel(batch.id)).status, 'cancelling')
  assert.equal((await client.batches.retrieve(batch.id)).status, 'cancelled')
})

test('a batch of messages runs to its results, is charged at its tier, cancelled and deleted', async () => {
  const model = bare()
  const requests = [0, 1].map((n) => ({ custom_id: `r${n}`, params: { model, max_tokens: 50, messages: hello } }))
  const batch = await claude.messages.batches.create({ requests })
  for (const expected of ['in_progress', 'ended']) {
    assert.equal((await claude.messages.batches.retrieve(batch.id)).processing_status, expected)
  }
  let cost = 0
  const ids = []
  for await (const result of await claude.messages.batches.results(batch.id)) {
    ids.push(result.custom_id)
    const { usage } = result.result.message
    cost += usage.input_tokens * IN + usage.output_tokens * OUT
  }
  assert.deepEqual(ids, ['r0', 'r1'])
  const rows = await rowsOf(model, 1)
  assert.deepEqual(rows.map((row) => row.cost), [cost])
  const other = await claude.messages.batches.create({ requests })
  assert.equal((await claude.messages.batches.cancel(other.id)).processing_status, 'canceling')
  assert.equal((await claude.messages.batches.delete(other.id)).id, other.id)
  await assert.rejects(claude.messages.batches.retrieve(other.id), Anthropic.NotFoundError)
})
