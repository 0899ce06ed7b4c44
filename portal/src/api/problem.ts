// A refusal of the admin API (RFC 9457), or its silence, as errors that forms and pages can show.
import i18next from 'i18next';

/** One thing wrong with what was sent. */
export interface Fault {
  resource: string;
  /** Path of the field, such as `spec.keys[0].secret`. */
  field: string;
  problem: string;
}

interface Body {
  type?: string;
  title?: string;
  detail?: string;
  faults?: Fault[];
  /** What the data plane says, in the caller's dialect: the playground calls it through the admin API. */
  error?: { message?: string; type?: string };
}

export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    /** Last part of the problem type, such as `stale-version`. */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly faults: Fault[],
    /** The whole body, for refusals that carry more (a stale save carries both versions). */
    readonly body: unknown,
  ) {
    super(detail || title);
  }

  static async from(response: Response): Promise<Problem> {
    const text = await response.text();
    let body: Body = {};
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === 'object' && parsed !== null) body = parsed;
    } catch {
      // Not JSON: a proxy in between answered. Its status is all that is known.
    }
    const code = body.type?.split(/[/:#]/).pop() ?? '';
    const title = body.title ?? (response.statusText || `HTTP ${response.status}`);
    const detail = body.detail ?? body.error?.message ?? '';
    return new Problem(response.status, code, title, detail, body.faults ?? [], body);
  }
}

/** No answer came, or only a part of one: the server or the way to it failed. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';

  constructor(readonly how: 'unreachable' | 'cut') {
    super(how);
  }
}

/** A part of the portal itself could not be loaded: the server is away, or has a newer portal. */
export function isMissingPart(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|preload CSS|module script failed/.test(error.message);
}

/** What to tell people about an error of any kind. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.detail || error.title;
  if (error instanceof ConnectionLost) return i18next.t(`trouble.${error.how}`);
  if (isMissingPart(error)) return i18next.t('trouble.unreachable');
  return error instanceof Error ? error.message : String(error);
}

/**
 * Faults by form field: `spec.keys[0].secret` becomes `keys.0.secret`, as the form library names it.
 * Faults of the envelope (`id`, `team`) keep their name.
 */
export function faultsByField(faults: Fault[]): Record<string, string> {
  const byField: Record<string, string> = {};
  for (const { field, problem } of faults) {
    const path = field
      .replace(/^spec\.?/, '')
      .replace(/\[(\d+)\]/g, '.$1')
      .replace(/^\./, '');
    byField[path] = byField[path] ? `${byField[path]} ${problem}` : problem;
  }
  return byField;
}
