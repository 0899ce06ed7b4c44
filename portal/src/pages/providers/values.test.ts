import { expect, test } from 'vitest';
import type { Provider } from '../../api/types';
import { providerSpec, providerValues } from './values';

test('a provider comes back from its form as it went in', () => {
  const spec: Provider = {
    protocol: 'openai',
    name: 'OpenAI',
    base_url: 'https://api.openai.com/v1',
    keys: [{ id: 'main', secret: 'sealed:ab12', weight: 3, priority: 1 }],
    models: [{ id: 'gpt-4o', context: 128_000 }],
    headers: { 'openai-project': 'p' },
    timeouts: { connect_ms: 1, first_byte_ms: 2, idle_ms: 3, total_ms: 4 },
    allow_plaintext: true,
    health_check: {
      method: 'head',
      interval_ms: 15_000,
      timeout_ms: 5_000,
      unhealthy_after: 3,
      healthy_after: 2,
      statuses: [200],
    },
    disabled: true,
  };
  expect(providerSpec(providerValues(spec, 'openai'))).toEqual(spec);
});

test('what stands at its default is not sent', () => {
  expect(providerSpec(providerValues({ protocol: 'demo' }, 'demo'))).toEqual({ protocol: 'demo' });
});
