// A team as its form holds it: who it is, and what the request log keeps of its bodies.
import type { RequestLog, Team } from '../../api/types';

export const kept = ['off', 'errors', 'all'] as const;
export const recognised = ['email', 'card', 'iban', 'phone'] as const;

const mebibyte = 1024 * 1024;

export interface TeamValues extends Record<string, unknown> {
  id: string;
  name: string;
  description: string;
  /** Flat, as the form library names fields; `request_log.max_bytes` is where a fault would stand. */
  request_log: {
    bodies: (typeof kept)[number];
    sample_percent: number;
    max_bytes: number;
    retention_days: number;
    /** In MiB, as people read it. */
    max_total_mib: number;
    redact: Required<RequestLog['redact']>;
  };
  /** Whether the team says anything of it: what was never said is not written. */
  says: boolean;
}

export const usual: RequestLog = {
  bodies: 'off',
  sample_percent: 100,
  max_bytes: 65_536,
  retention_days: 7,
  max_total_bytes: 256 * mebibyte,
  redact: { builtin: [...recognised], members: [], pointers: [], patterns: [] },
};

export function teamValues(spec: Team, id: string): TeamValues {
  const { max_total_bytes: total, ...log } = { ...usual, ...spec.request_log };
  return {
    id,
    name: spec.name ?? '',
    description: spec.description ?? '',
    request_log: { ...log, max_total_mib: total / mebibyte, redact: { ...usual.redact, ...log.redact } },
    says: Boolean(spec.request_log),
  };
}

export function teamSpec({ name, description, request_log: log, says }: TeamValues): Team {
  const { max_total_mib: total, ...rest } = log;
  const written = { ...rest, max_total_bytes: Math.round(total * mebibyte) };
  return {
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    ...(says || written.bodies !== 'off' ? { request_log: written } : {}),
  };
}
