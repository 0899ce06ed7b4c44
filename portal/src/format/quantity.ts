// Counts, durations, sizes and shares, each with its unit.

export function formatCount(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** Short form for tiles and axes: 12.3K. */
export function formatCompact(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** Microseconds in the unit that keeps the number short: `840 µs`, `12.4 ms`, `3.21 s`, `2 min 5 s`. */
export function formatDuration(us: number, locale: string): string {
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  if (us < 1_000) return `${number(us, 0)} µs`;
  if (us < 1_000_000) return `${number(us / 1_000, us < 100_000 ? 1 : 0)} ms`;
  if (us < 60_000_000) return `${number(us / 1_000_000, 2)} s`;
  const seconds = Math.round(us / 1_000_000);
  return `${number(Math.floor(seconds / 60), 0)} min ${seconds % 60} s`;
}

export function formatBytes(bytes: number, locale: string): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: unit === 0 ? 0 : 1 }).format(value)} ${units[unit]}`;
}

/** A share of a whole; a whole of nothing has no share. */
export function formatShare(part: number, whole: number, locale: string): string {
  if (whole === 0) return '–';
  const share = part / whole;
  const digits = share > 0 && share < 0.01 ? 2 : 1;
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(share);
}
