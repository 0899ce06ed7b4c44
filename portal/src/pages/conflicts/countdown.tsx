// The time until something ends, counted down while somebody looks.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatRelative, formatUtc, toDate } from '../../format/time';
import { useLocale } from '../../i18n/use-locale';
import { Hint } from '../../ui/hint';

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export function Countdown({ at }: { at: string | number | null | undefined }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  if (at === null || at === undefined) return <span>–</span>;
  const date = toDate(at);
  // The store's clock decides, not this one: what is still listed is still there.
  const text = date.getTime() <= now ? t('conflicts.now') : formatRelative(date, locale, now);
  return (
    <Hint label={formatUtc(date)}>
      <time className="nowrap" dateTime={date.toISOString()}>
        {text}
      </time>
    </Hint>
  );
}
