import { expect, test } from 'vitest';
import { teamSpec, teamValues, usual } from './values';

test('a team comes back from its form as it went in', () => {
  const log = {
    ...usual,
    bodies: 'errors' as const,
    max_total_bytes: 1_048_577,
    redact: { builtin: [], members: ['ssn'], pointers: ['/a/*'], patterns: ['x+'] },
  };
  for (const spec of [{ name: 'A', request_log: log }, { request_log: usual }, { description: 'x' }, {}]) {
    expect(teamSpec(teamValues(spec, 'a'))).toEqual(spec);
  }
});

test('what is kept is written once it is switched on, with all that it means', () => {
  const values = teamValues({}, 'a');
  values.request_log.bodies = 'all';
  expect(teamSpec(values)).toEqual({ request_log: { ...usual, bodies: 'all' } });
});
