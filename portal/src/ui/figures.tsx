// Figures with their unit, in the reader's language; the exact value is in the hover text.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { exactMoney, formatMoney } from '../format/money';
import { formatBytes, formatCompact, formatCount, formatDuration } from '../format/quantity';
import { formatDay, formatRelative, formatTime, formatUtc, toDate } from '../format/time';
import { useLocale } from '../i18n/use-locale';
import { Hint } from './hint';

/** An amount in nano-dollars; null or undefined when the price is unknown, which is not free. */
export function Money({ nanos }: { nanos: number | null | undefined }) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (nanos === null || nanos === undefined) {
    return (
      <Hint label={t('common.priceUnknown')}>
        <span className="muted">{t('common.unknown')}</span>
      </Hint>
    );
  }
  return <Hint label={exactMoney(nanos)}>{formatMoney(nanos, locale)}</Hint>;
}

/** A sum of amounts. Requests whose price is unknown make it a lower bound, or unknown: never a smaller sum, never 0. */
export function Cost({ nanos, unpriced }: { nanos: number; unpriced: number }) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (unpriced === 0) return <Money nanos={nanos} />;
  if (nanos === 0) return <Money nanos={null} />;
  return (
    <Hint label={`${exactMoney(nanos)} · ${t('usage.unpriced', { count: unpriced })}`}>
      {t('common.atLeast', { amount: formatMoney(nanos, locale) })}
    </Hint>
  );
}

export function Count({ value, compact = false }: { value: number; compact?: boolean }) {
  const locale = useLocale();
  const exact = formatCount(value, locale);
  if (!compact || value < 10_000) return <span>{exact}</span>;
  return <Hint label={exact}>{formatCompact(value, locale)}</Hint>;
}

/** A figure that Weir reckoned, at least in part, says so: who counted is a word of a ledger row. */
export function Estimated({ by, children }: { by: string; children: ReactNode }) {
  const { t } = useTranslation();
  if (by !== 'estimated' && by !== 'mixed') return children;
  return (
    <>
      <Hint label={t(`requests.sources.${by}`)}>
        <span aria-hidden="true">≈</span>
        <span className="visually-hidden">{t('requests.estimated')}</span>
      </Hint>{' '}
      {children}
    </>
  );
}

/** A time span in microseconds. */
export function Duration({ us }: { us: number | null | undefined }) {
  const locale = useLocale();
  if (us === null || us === undefined) return <span>–</span>;
  return <span className="nowrap">{formatDuration(us, locale)}</span>;
}

export function Bytes({ value }: { value: number }) {
  const locale = useLocale();
  return <span className="nowrap">{formatBytes(value, locale)}</span>;
}

interface TimeProps {
  value: string | number;
  as?: 'time' | 'relative' | 'day';
}

/** A point in time in the reader's zone, with UTC on hover. */
export function Time({ value, as = 'time' }: TimeProps) {
  const locale = useLocale();
  const date = toDate(value);
  const text = { time: formatTime, relative: formatRelative, day: formatDay }[as](date, locale);
  return (
    <Hint label={formatUtc(date)}>
      <time className="nowrap" dateTime={date.toISOString()}>
        {text}
      </time>
    </Hint>
  );
}
