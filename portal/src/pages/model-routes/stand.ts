// How a target of a model route stands at this moment, in one word, and what part of the calls it gets.
import type { KeyState, ShadowState, TargetState } from '../../api/types';
import type { Tone } from '../../ui/status';

export type Word = 'disabled' | 'unhealthy' | 'open' | 'probing' | 'limited' | 'asked' | 'failed' | 'resting' | 'ready';

export interface Stand {
  tone: Tone;
  word: Word;
  /** Until when it is left alone, in microseconds since 1970; null when that is not known or it is not. */
  until: number | null;
}

/** The strongest reason not to call it comes first. */
export function standOf(target: TargetState): Stand {
  if (target.disabled) return { tone: 'idle', word: 'disabled', until: null };
  if (target.healthy === false) return { tone: 'bad', word: 'unhealthy', until: null };
  if (target.breaker === 'open') return { tone: 'bad', word: 'open', until: target.cooldown?.until ?? null };
  if (target.breaker === 'half_open') return { tone: 'warn', word: 'probing', until: null };
  if (target.cooldown) return { tone: 'warn', word: target.cooldown.reason, until: target.cooldown.until };
  return { tone: 'good', word: 'ready', until: null };
}

/** A shadow rests by itself after a failure, whatever callers' own calls find at the same target. */
export function shadowStand({ target, rests_until: until }: ShadowState): Stand {
  const own = standOf(target);
  return own.word === 'ready' && typeof until === 'number' ? { tone: 'warn', word: 'resting', until } : own;
}

/** What became of its copies, in the order in which people ask: the comparison always, the rest where there is some. */
export function copiesOf({ copies }: ShadowState): { name: keyof ShadowState['copies']; count: number }[] {
  const always = ['same', 'different'] as const;
  const rest = (['not_compared', 'failed', 'busy', 'resting', 'unfit'] as const).filter((name) => copies[name] > 0);
  return [...always, ...rest].map((name) => ({ name, count: copies[name] }));
}

/** What a key's circuit breaker says; null while it lets calls through. */
export function wordOf(breaker: KeyState['breaker']): { tone: Tone; word: 'open' | 'probing' } | null {
  if (breaker === 'open') return { tone: 'bad', word: 'open' };
  return breaker === 'half_open' ? { tone: 'warn', word: 'probing' } : null;
}

export interface Level {
  priority: number;
  /** Calls that its targets got since the node's start, through any route. */
  picks: number;
  /** The share is that of `picks`. A target on standby has no weight where others have. */
  targets: { target: TargetState; stand: Stand; share: number; standby: boolean }[];
}

/** Targets by priority. */
export function levelsOf(targets: TargetState[]): Level[] {
  const priorities = [...new Set(targets.map((target) => target.priority))].sort((a, b) => a - b);
  return priorities.map((priority) => {
    const here = targets.filter((target) => target.priority === priority);
    const picks = here.reduce((sum, target) => sum + target.picks, 0);
    const share = (target: TargetState) => (picks === 0 ? 0 : target.picks / picks);
    const weighted = here.some((target) => target.weight > 0);
    const shown = here.map((target) => ({
      target,
      stand: standOf(target),
      share: share(target),
      standby: weighted && target.weight === 0,
    }));
    return { priority, picks, targets: shown };
  });
}
