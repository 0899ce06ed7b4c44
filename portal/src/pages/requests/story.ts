// Why a request ended as it did, step by step, out of its ledger row. The words are in the messages.
import { type Aborted, type Attempt, aborted, known, type RequestDetail } from '../../api/types';

/** One step of the story: a message and what stands in it. */
export type Step =
  | { say: 'askedModel'; model: string; application: string }
  | { say: 'askedPath'; path: string; application: string }
  | { say: 'unknownCaller' }
  | { say: 'refused'; error: string; status: number }
  | { say: 'attemptFailed'; attempt: Attempt; goesOn: boolean }
  | { say: 'attemptOk'; attempt: Attempt }
  | { say: 'attemptLeft'; attempt: Attempt }
  | { say: Aborted; attempt: Attempt }
  | { say: 'noAttempt' }
  | { say: 'delivered'; status: number }
  | { say: 'dropped'; names: string; target: string }
  | { say: 'estimated' | 'mixed' }
  | { say: 'unpriced'; target: string }
  | { say: 'left' }
  | { say: 'ended'; outcome: RequestDetail['outcome']; error: string };

export function story(request: RequestDetail): Step[] {
  const { application, outcome, error, status } = request;
  const model = request.model || request.asked_model;
  const steps: Step[] = [];
  if (!application) steps.push({ say: 'unknownCaller' });
  if (model) steps.push({ say: 'askedModel', model, application });
  else steps.push({ say: 'askedPath', path: `${request.method} ${request.path}`, application });
  const attempts = realOf(request);
  attempts.forEach((attempt, index) => {
    const word = known(aborted, attempt.aborted ?? '');
    if (word) steps.push({ say: word, attempt });
    else if (attempt.outcome === 'ok') steps.push({ say: 'attemptOk', attempt });
    else if (attempt.outcome === 'aborted') steps.push({ say: 'attemptLeft', attempt });
    else steps.push({ say: 'attemptFailed', attempt, goesOn: index < attempts.length - 1 });
  });
  if (outcome === 'refused') steps.push({ say: 'refused', error, status });
  else if (attempts.length === 0 && outcome !== 'ok') steps.push({ say: 'noAttempt' });
  if (outcome === 'ok') steps.push({ say: 'delivered', status });
  else if (outcome === 'aborted') steps.push({ say: 'left' });
  else if (outcome !== 'refused') steps.push({ say: 'ended', outcome, error });
  return [...steps, ...reservations(request)];
}

/** What one should know before one relies on the answer or its figures: what was left out, estimated, or is unknown. */
function reservations({ dropped, usage, cost, provider, upstream_model }: RequestDetail): Step[] {
  const target = [provider, upstream_model].filter(Boolean).join('/');
  const steps: Step[] = [];
  if (dropped?.length) steps.push({ say: 'dropped', names: dropped.join(', '), target });
  const source = usage?.source;
  if (source === 'estimated' || source === 'mixed') steps.push({ say: source });
  if (target && (cost === null || cost === undefined)) steps.push({ say: 'unpriced', target });
  return steps;
}

/** Attempts at an answer for the caller. */
export const realOf = (request: RequestDetail): Attempt[] => (request.attempts ?? []).filter((one) => !one.shadow);

/** Attempts with a copy of the request, whose answers nobody got. */
export const shadowsOf = (request: RequestDetail): Attempt[] => (request.attempts ?? []).filter((one) => one.shadow);

/** The attempt whose answer the caller got; nothing where none was whole. */
export const answered = (request: RequestDetail): Attempt | undefined =>
  realOf(request).find((attempt) => attempt.outcome === 'ok');

/** Tokens that the model wrote. */
export const outputOf = ({ usage: { tokens } }: Attempt): number =>
  tokens.output_text + tokens.reasoning + tokens.audio_out + tokens.image_out;

export interface Bar {
  /** Shares of the whole request's time, 0 to 1. */
  start: number;
  width: number;
  /** Where the first byte came, within the bar; null when none came. */
  firstByte: number | null;
}

/** Where an attempt lies within the whole. An attempt that has no length is still to be seen. */
export function barOf(attempt: Attempt, wholeUs: number): Bar {
  const whole = Math.max(wholeUs, attempt.started_us + attempt.duration_us, 1);
  const width = Math.max(attempt.duration_us / whole, 0.004);
  const firstByte =
    attempt.first_byte_us === null || attempt.first_byte_us === undefined || attempt.duration_us === 0
      ? null
      : Math.min(attempt.first_byte_us / attempt.duration_us, 1);
  return { start: Math.min(attempt.started_us / whole, 1 - width), width, firstByte };
}
