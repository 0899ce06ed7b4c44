// Usage and cost: a range, a grouping, a chart of one measure, the table of all.
import { Button, SegmentedControl, Select } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useUsage } from '../../api/insights';
import type { UsageRow } from '../../api/types';
import { formatSpan } from '../../format/time';
import { useLocale } from '../../i18n/use-locale';
import { Empty } from '../../ui/empty';
import { Icon } from '../../ui/icons';
import { Loaded, Loading } from '../../ui/notes';
import { Page, Section } from '../../ui/page';
import { chartPoints, leading, usageCsv } from './series';
import classes from './usage.module.css';
import { UsageTable } from './usage-table';
import { groupings, type Measure, measures, ranges, type Span, spanOf, type UsageView } from './view';

const UsageChart = lazy(() => import('./usage-chart'));
const mostSeries = 5;

export default function UsagePage() {
  const { t } = useTranslation();
  const { range = '24h', by = 'model', show = 'cost' } = useSearch({ from: '/app/usage' });
  const navigate = useNavigate();
  const change = (part: UsageView) => void navigate({ to: '/usage', search: { range, by, show, ...part } });
  const minute = Math.floor(Date.now() / 60_000);
  const span = useMemo(() => spanOf(range, minute * 60_000), [range, minute]);
  const question = { from: span.from.toISOString(), to: span.to.toISOString(), group_by: by };
  const sums = useUsage(question);
  const series = useUsage({ ...question, bucket: span.bucket });
  const rows = sums.data?.rows ?? [];
  return (
    <Page
      title={t('nav.usage')}
      lead={<Lead span={span} />}
      actions={
        <Button
          variant="default"
          leftSection={<Icon name="download" size={16} />}
          disabled={rows.length === 0}
          onClick={() => download(usageCsv(rows, by), `weir-usage-${by}-${range}.csv`)}
        >
          {t('usage.csv')}
        </Button>
      }
    >
      <div className={classes.controls}>
        <SegmentedControl
          aria-label={t('usage.range')}
          value={range}
          onChange={(value) => change({ range: value })}
          data={ranges.map((value) => ({ value, label: t(`usage.ranges.${value}`) }))}
        />
        <Select
          aria-label={t('usage.groupBy')}
          value={by}
          onChange={(value) => change({ by: value ?? 'model' })}
          data={groupings.map((value) => ({ value, label: t(`usage.by.${value}`) }))}
        />
        <SegmentedControl
          aria-label={t('usage.measure')}
          value={show}
          onChange={(value) => change({ show: value })}
          data={measures.map((value) => ({ value, label: t(`usage.${value}`) }))}
        />
      </div>
      <Loaded query={sums}>
        {(report) =>
          report.rows.length === 0 ? (
            <Section>
              <Empty title={t('usage.emptyTitle')}>{t('usage.emptyText')}</Empty>
            </Section>
          ) : (
            <>
              <Section title={t(`usage.${show}`)} lead={<ChartLead span={span} rows={report.rows} show={show} />}>
                <Suspense fallback={<Loading rows={6} />}>
                  {series.data ? <Chart rows={series.data.rows} span={span} show={show} /> : <Loading rows={6} />}
                </Suspense>
              </Section>
              <Section flush>
                <UsageTable rows={report.rows} grouping={by} />
              </Section>
              {String(report.percentiles) === 'histogram' ? (
                <p className="muted small">{t('usage.approximate')}</p>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Lead({ span }: { span: Span }) {
  const { t } = useTranslation();
  const locale = useLocale();
  return t('usage.lead', formatSpan(span.from, span.to, locale));
}

/** What a column stands for, and what the chart cannot show. */
function ChartLead({ span, rows, show }: { span: Span; rows: UsageRow[]; show: Measure }) {
  const { t } = useTranslation();
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0);
  return (
    <>
      {t(`usage.perBucket.${span.bucket}`)}
      {show === 'cost' && unpriced > 0 ? ` ${t('usage.unpricedChart', { count: unpriced })}` : null}
    </>
  );
}

function Chart({ rows, span, show }: { rows: UsageRow[]; span: Span; show: Measure }) {
  const { t } = useTranslation();
  const { names, rest } = leading(rows, show, mostSeries);
  if (names.length === 0) return <p className="muted">{t('usage.nothing')}</p>;
  return (
    <UsageChart
      points={chartPoints(rows, span, names, rest, show)}
      names={names}
      rest={rest}
      measure={show}
      step={span.step}
    />
  );
}

function download(text: string, name: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
