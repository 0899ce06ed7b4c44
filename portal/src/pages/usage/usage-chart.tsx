// Columns over time, stacked by group. The table beside it says the same in figures.
import { useTranslation } from 'react-i18next';
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { formatMoney } from '../../format/money';
import { formatCompact, formatCount } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import type { ChartPoint } from './series';
import classes from './usage.module.css';
import type { Measure } from './view';

interface UsageChartProps {
  points: ChartPoint[];
  names: string[];
  rest: boolean;
  measure: Measure;
  /** Width of a column in milliseconds. */
  step: number;
}

const day = 86_400_000;
const colour = (index: number) => `var(--w-chart-${index + 1})`;

export default function UsageChart({ points, names, rest, measure, step }: UsageChartProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const labels = [...names.map((name) => name || t('usage.unnamed')), ...(rest ? [t('usage.rest')] : [])];
  const short = (value: number) => (measure === 'cost' ? formatMoney(value, locale) : formatCompact(value, locale));
  const exact = (value: number) => (measure === 'cost' ? formatMoney(value, locale) : formatCount(value, locale));
  const time = (at: number) =>
    new Intl.DateTimeFormat(
      locale,
      step < day
        ? { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
        : { month: 'short', day: 'numeric' },
    ).format(at);
  const axis = { fill: 'var(--w-ink-2)', fontSize: 12 };
  return (
    <figure style={{ margin: 0 }} aria-label={t('usage.chartLabel', { measure: t(`usage.${measure}`) })}>
      <div className={classes.chart}>
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={points} accessibilityLayer={false} margin={{ top: 8, right: 4, bottom: 0, left: 4 }}>
            <CartesianGrid vertical={false} stroke="var(--w-line)" />
            <XAxis dataKey="at" tickFormatter={time} tick={axis} stroke="var(--w-line-2)" minTickGap={28} />
            <YAxis tickFormatter={short} tick={axis} stroke="transparent" width={72} />
            <Tooltip
              cursor={{ fill: 'var(--w-sunken)' }}
              isAnimationActive={false}
              content={({ active, payload }) => {
                const point: ChartPoint | undefined = payload?.[0]?.payload;
                return active && point ? <Tip point={point} labels={labels} time={time} exact={exact} /> : null;
              }}
            />
            {labels.map((label, index) => (
              <Bar
                key={label}
                dataKey={(point: ChartPoint) => point.values[index]}
                name={label}
                stackId="all"
                fill={colour(index)}
                isAnimationActive={false}
              />
            ))}
          </BarChart>
        </ResponsiveContainer>
      </div>
      <ul className={classes.key}>
        {labels.map((label, index) => (
          <li key={label}>
            <span className={classes.swatch} style={{ background: colour(index) }} />
            {label}
          </li>
        ))}
      </ul>
    </figure>
  );
}

interface TipProps {
  point: ChartPoint;
  labels: string[];
  time: (at: number) => string;
  exact: (value: number) => string;
}

function Tip({ point, labels, time, exact }: TipProps) {
  return (
    <div className={classes.tip}>
      <strong>{time(point.at)}</strong>
      <table>
        <tbody>
          {labels.map((label, index) => (
            <tr key={label}>
              <td>
                <span className={classes.swatch} style={{ background: colour(index) }} />
                {label}
              </td>
              <td>{exact(point.values[index] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
