// The attempts of a request over its whole time: waiting for the first byte, then receiving.
import { useTranslation } from 'react-i18next';
import { type Attempt, aborted, known, type RequestDetail } from '../../api/types';
import { formatDuration } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Figure, Figures } from '../../ui/facts';
import { Duration } from '../../ui/figures';
import { OutcomeStatus } from './outcome';
import { barOf, realOf } from './story';
import classes from './waterfall.module.css';

const percent = (share: number) => `${share * 100}%`;

export function Waterfall({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const attempts = realOf(request);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <div className={classes.waterfall}>
      <div className={classes.scale} aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ left: percent(tick) }}>
            {formatDuration(request.duration_us * tick, locale)}
          </span>
        ))}
      </div>
      <div className={classes.lane}>
        <span className={classes.name}>
          <strong>{t('requests.whole')}</strong>
        </span>
        <div className={classes.track}>
          <div className={classes.whole} style={{ width: '100%' }}>
            <span className="visually-hidden">{formatDuration(request.duration_us, locale)}</span>
          </div>
        </div>
      </div>
      {attempts.map((attempt) => (
        <Lane key={attempt.number} attempt={attempt} whole={request.duration_us} />
      ))}
      <Figures>
        <Figure name={t('requests.duration')}>
          <Duration us={request.duration_us} />
        </Figure>
        <Figure name={t('requests.upstreamTime')}>
          <Duration us={request.upstream_us} />
        </Figure>
        <Figure name={t('requests.firstByte')}>
          <Duration us={request.first_byte_us} />
        </Figure>
      </Figures>
    </div>
  );
}

function Lane({ attempt, whole }: { attempt: Attempt; whole: number }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const bar = barOf(attempt, whole);
  const left = known(aborted, attempt.aborted ?? '');
  const label = t('requests.laneLabel', {
    number: attempt.number,
    start: formatDuration(attempt.started_us, locale),
    duration: formatDuration(attempt.duration_us, locale),
  });
  return (
    <div className={classes.lane}>
      <span className={classes.name}>
        <span className={classes.target}>
          {attempt.number}. <code>{[attempt.provider, attempt.target].filter(Boolean).join('/')}</code>
        </span>
        <span className={classes.detail}>
          <OutcomeStatus outcome={attempt.outcome} status={attempt.status} />
          {left ? <span className="small muted">{t(`requests.aborted.${left}`)}</span> : null}
          {attempt.provider_key ? (
            <span className="small muted">
              {t('requests.withKey')} <code>{attempt.provider_key}</code>
            </span>
          ) : null}
        </span>
        {attempt.error ? <span className="small muted">{attempt.error}</span> : null}
      </span>
      <div className={classes.track}>
        <div
          className={classes.bar}
          data-outcome={attempt.outcome === 'ok' || attempt.outcome === 'aborted' ? attempt.outcome : 'failed'}
          style={{ left: percent(bar.start), width: percent(bar.width) }}
          role="img"
          aria-label={label}
          title={label}
        >
          {bar.firstByte === null ? null : (
            <span className={classes.waiting} style={{ width: percent(bar.firstByte) }} />
          )}
        </div>
      </div>
    </div>
  );
}
