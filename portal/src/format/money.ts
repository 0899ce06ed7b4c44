// Money: integer nano-dollars in, text with its currency out.

const nanosPerUsd = 1_000_000_000;

/**
 * Dollars as people read them: cents from one cent up, else two significant digits, since a model call often costs
 * a small part of a cent. The exact amount belongs beside it (`exactMoney`).
 */
export function formatMoney(nanos: number, locale: string): string {
  const dollars = nanos / nanosPerUsd;
  const size = Math.abs(dollars);
  const style = { style: 'currency', currency: 'USD' } as const;
  if (size === 0 || size >= 0.01) return new Intl.NumberFormat(locale, style).format(dollars);
  return new Intl.NumberFormat(locale, { ...style, minimumSignificantDigits: 2, maximumSignificantDigits: 2 }).format(
    dollars,
  );
}

/** Every digit, computed on the integer: `0.000125 USD`. */
export function exactMoney(nanos: number): string {
  const sign = nanos < 0 ? '-' : '';
  const digits = String(Math.abs(nanos)).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -9)}${fraction ? `.${fraction}` : ''} USD`;
}
