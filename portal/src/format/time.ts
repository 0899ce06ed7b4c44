// Points in time: the reader's zone to read, UTC to compare with logs.

/** A date from RFC 3339 text or from microseconds since 1970. */
export function toDate(value: string | number): Date {
  return typeof value === 'number' ? new Date(value / 1_000) : new Date(value);
}

export function formatTime(date: Date, locale: string): string {
  const now = new Date();
  const sameDay = date.toDateString() === now.toDateString();
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  if (sameDay) return new Intl.DateTimeFormat(locale, time).format(date);
  const year = date.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return new Intl.DateTimeFormat(locale, { year, month: 'short', day: 'numeric', ...time }).format(date);
}

export function formatDay(date: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(date);
}

/** `2026-11-22 15:04:05 UTC`, for the hover text. */
export function formatUtc(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** `5 minutes ago`, `in 3 days`. */
export function formatRelative(date: Date, locale: string, now = Date.now()): string {
  const seconds = Math.round((date.getTime() - now) / 1_000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(seconds, 'second');
}

/** A span with its dates, in the reader's zone: `Nov 21, 18:00` to `Nov 22, 18:16`. */
export function formatSpan(from: Date, to: Date, locale: string): { from: string; to: string } {
  const part = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat(locale, part);
  return { from: format.format(from), to: format.format(to) };
}
