// The last 24 hours in a few figures, their course, and what did not go well.
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useRequests, useUsage } from '../../api/insights';
import type { Overview } from '../../api/types';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Clip } from '../../ui/clip';
import { Cost, Count, Duration, Time } from '../../ui/figures';
import { Loaded, Loading } from '../../ui/notes';
import { Section } from '../../ui/page';
import { OutcomeStatus } from '../requests/outcome';
import { chartPoints, leading } from '../usage/series';
import { spanOf } from '../usage/view';
import classes from './numbers.module.css';

const UsageChart = lazy(() => import('../usage/usage-chart'));

function Tile({ name, children, note }: { name: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className={classes.tile}>
      <dt>{name}</dt>
      <dd>
        {children}
        {note ? <span className={classes.note}>{note}</span> : null}
      </dd>
    </div>
  );
}

export function Numbers({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const day = overview.last_24h;
  return (
    <>
      <dl className={classes.tiles}>
        <Tile name={t('usage.requests')} note={t('home.last24h')}>
          <Count value={day.requests} compact />
        </Tile>
        <Tile name={t('usage.errors')} note={formatShare(day.errors, day.requests, locale)}>
          <Count value={day.errors} compact />
        </Tile>
        <Tile name={t('usage.tokens')} note={t('home.inAndOut')}>
          <Count value={day.tokens} compact />
        </Tile>
        <Tile
          name={t('usage.cost')}
          note={day.unpriced > 0 ? t('usage.unpriced', { count: day.unpriced }) : t('home.last24h')}
        >
          <Cost nanos={day.cost} unpriced={day.unpriced} />
        </Tile>
        <Tile
          name={t('home.latency')}
          note={
            <>
              {t('usage.p99')} <Duration us={day.p99_us} />
            </>
          }
        >
          <Duration us={day.p50_us} />
        </Tile>
      </dl>
      <Section title={t('home.course')} actions={<Link to="/usage">{t('home.allUsage')}</Link>}>
        <Course />
      </Section>
      <Section title={t('home.trouble')} lead={t('home.troubleLead')} flush>
        <Trouble />
      </Section>
    </>
  );
}

function Course() {
  const { t } = useTranslation();
  const span = spanOf('24h', Math.floor(Date.now() / 60_000) * 60_000);
  const usage = useUsage({
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    group_by: 'model',
    bucket: span.bucket,
  });
  return (
    <Loaded query={usage}>
      {({ rows }) => {
        if (rows.length === 0) return <p className="muted">{t('usage.emptyTitle')}</p>;
        const { names, rest } = leading(rows, 'requests', 5);
        return (
          <Suspense fallback={<Loading rows={6} />}>
            <UsageChart
              points={chartPoints(rows, span, names, rest, 'requests')}
              names={names}
              rest={rest}
              measure="requests"
              step={span.step}
            />
          </Suspense>
        );
      }}
    </Loaded>
  );
}

function Trouble() {
  const { t } = useTranslation();
  const list = useRequests({ status: 'error' });
  return (
    <Loaded query={list}>
      {({ pages }) => {
        const rows = (pages[0]?.items ?? []).slice(0, 6);
        if (rows.length === 0) return <p className={classes.calm}>{t('home.noTrouble')}</p>;
        return (
          <ul className={classes.trouble}>
            {rows.map((row) => (
              <li key={row.id}>
                <Link to="/requests/$id" params={{ id: row.id }} className="name-link">
                  <Time value={row.at} />
                </Link>
                <OutcomeStatus outcome={row.outcome} status={row.status} />
                <Clip code text={row.model || `${row.method} ${row.path}`} />
                <span className="muted">{row.error}</span>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}
