// A gateway with something to look at: providers that work and one that does not, routes with fallback, calls of
// several kinds. Everything is made through the admin API and the data plane, as a script would.
import type { Weir } from './weir';

/** Nothing listens there: a provider that cannot be reached. */
const nowhere = 'http://127.0.0.1:9/v1';

export interface Seed {
  key: string;
  keyId: string;
}

export async function seed(weir: Weir): Promise<Seed> {
  const create = (collection: string, id: string, spec: unknown) => weir.admin('POST', `/${collection}`, { id, spec });
  await create('providers', 'demo', { name: 'Demo (built in)', protocol: 'demo' });
  await create('providers', 'basement', {
    name: 'Server in the basement',
    protocol: 'openai',
    base_url: nowhere,
    allow_private_address: true,
    keys: [
      { id: 'main', secret: 'sk-not-a-real-key-0123456789', weight: 3 },
      { id: 'spare', secret: 'sk-another-one-0123456789', weight: 1, priority: 1 },
    ],
    models: [{ id: 'llama-70b', context: 131072 }],
  });
  await create('model-routes', 'fast', {
    description: 'Quick and cheap',
    targets: [
      { provider: 'demo', model: 'demo-small', weight: 3 },
      { provider: 'demo', model: 'demo-large', weight: 1 },
    ],
  });
  await create('model-routes', 'private', {
    description: 'In the house first, else outside',
    targets: [
      { provider: 'basement', model: 'llama-70b', weight: 1 },
      { provider: 'demo', model: 'demo-large', priority: 1, weight: 1 },
    ],
  });
  await create('model-routes', 'house-only', { targets: [{ provider: 'basement', model: 'llama-70b', weight: 1 }] });
  await create('applications', 'mobile-app', {
    name: 'Mobile app',
    description: 'iOS and Android',
    models: ['*'],
    services: ['*'],
  });
  await create('applications', 'night-batch', { name: 'Nightly batch', models: ['fast'], services: [] });
  const made = await weir.admin<{ key: string; api_key: { id: string } }>('POST', '/applications/mobile-app/keys', {
    name: 'production',
  });
  await weir.admin('POST', '/applications/mobile-app/keys', {
    name: 'staging',
    expires_at: new Date(Date.now() + 3 * 86_400_000).toISOString(),
  });
  const batch = await weir.admin<{ key: string }>('POST', '/applications/night-batch/keys', { name: 'cron' });
  await calls(weir, made.key, batch.key);
  return { key: made.key, keyId: made.api_key.id };
}

async function calls(weir: Weir, mobile: string, batch: string) {
  await untilKnown(weir, mobile);
  const prompts = ['Why is water wet?', 'Name three rivers.', 'What is a weir for?', 'Write a haiku about a sluice.'];
  for (const prompt of prompts) {
    await weir.chat(mobile, 'fast', prompt);
    await weir.chat(mobile, 'demo/demo-large', prompt.repeat(6));
    await weir.chat(batch, 'fast', prompt.repeat(3));
    await weir.chat(mobile, 'private', prompt);
  }
  await weir.chat(mobile, 'house-only', 'Anybody there?');
  await weir.chat(mobile, 'no-such-model', 'Hello?');
  await weir.chat(batch, 'private', 'May I?');
  await weir.chat('weir_not_a_key', 'fast', 'Hello?');
}

/** A change is live within moments, not at once. */
async function untilKnown(weir: Weir, key: string) {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    if ((await weir.chat(key, 'fast', 'Ready?')).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the new key was not accepted within four seconds');
}
