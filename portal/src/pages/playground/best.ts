// Which of several answers to one prompt was the cheapest, and which the quickest.
import type { Reply } from './use-conversation';

export interface Best {
  cheapest: boolean;
  quickest: boolean;
}

/** The models whose figure is the least of all; none while one is unknown, for that one might be less. */
function leastOf(replies: Reply[], figure: (reply: Reply) => number | null): string[] {
  const known = replies.map(figure);
  if (known.some((value) => value === null)) return [];
  const least = Math.min(...known.map(Number));
  const models = replies.filter((_, at) => known[at] === least).map((reply) => reply.model);
  return models.length < replies.length ? models : [];
}

/** What each model is best at, by its name; empty until all answers are there whole, and for one alone. */
export function bestOf(replies: Reply[]): Map<string, Best> {
  const whole = replies.every((reply) => reply.state === 'done' && !reply.answer.error);
  if (replies.length < 2 || !whole) return new Map();
  const cheapest = leastOf(replies, (reply) => reply.answer.cost);
  const quickest = leastOf(replies, (reply) => reply.answer.totalMs);
  return new Map(
    replies.map(({ model }) => [model, { cheapest: cheapest.includes(model), quickest: quickest.includes(model) }]),
  );
}
