// One target of a pool as it stands: its figures, its health checks, why it is left alone, and its keys.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { KeyState, ShadowState, TargetState } from '../../api/types';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Figure, Figures } from '../../ui/facts';
import { Cost, Count, Duration, Time } from '../../ui/figures';
import { Status, Tag } from '../../ui/status';
import classes from './pool.module.css';
import { copiesOf, type Level, type Stand, shadowStand, wordOf } from './stand';

interface CardProps {
  target: TargetState;
  stand: Stand;
  /** Its colour in the bar above; a shadow has no part of that. */
  part?: number;
  tags: (string | null)[];
  /** Its figures. */
  children: ReactNode;
}

function Card({ target, stand, part, tags, children }: CardProps) {
  const { t } = useTranslation();
  return (
    <li className={classes.target} data-tone={stand.tone}>
      <div className={classes.head}>
        {part === undefined ? null : <span className={classes.part} data-part={part} aria-hidden="true" />}
        <code>
          {target.provider}/{target.model}
        </code>
        <Status tone={stand.tone}>{t(`pool.states.${stand.word}`)}</Status>
        {tags.map((tag) => (tag ? <Tag key={tag}>{tag}</Tag> : null))}
      </div>
      <Figures>{children}</Figures>
      <HealthLine target={target} />
      <Reasons target={target} stand={stand} />
    </li>
  );
}

export function TargetCard({ target, stand, share, standby, part }: Level['targets'][number] & { part: number }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const trial = target.canary_percent;
  const tags = [
    standby ? t('routes.standby') : null,
    typeof trial === 'number' ? t('pool.canary', { percent: trial }) : null,
  ];
  return (
    <Card target={target} stand={stand} part={part} tags={tags}>
      <Figure name={t('pool.share')}>{formatShare(share, 1, locale)}</Figure>
      <Figure name={t('pool.picks')}>
        <Count value={target.picks} />
      </Figure>
      <Figure name={t('pool.weight')}>{target.weight}</Figure>
      <Figure name={t('pool.inFlight')}>
        <Count value={target.in_flight} />
      </Figure>
      <Figure name={t('pool.latency')}>
        <Duration us={inMicroseconds(target.latency_ms)} />
      </Figure>
      <Figure name={t('pool.firstContent')}>
        <Duration us={inMicroseconds(target.stream_latency_ms)} />
      </Figure>
    </Card>
  );
}

const inMicroseconds = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : ms * 1_000);

/** What became of the copies that it got. */
export function ShadowCard({ shadow }: { shadow: ShadowState }) {
  const { t } = useTranslation();
  return (
    <Card target={shadow.target} stand={shadowStand(shadow)} tags={[t('pool.copiesOf', { percent: shadow.percent })]}>
      {copiesOf(shadow).map(({ name, count }) => (
        <Figure key={name} name={t(`pool.copies.${name}`)}>
          <Count value={count} />
        </Figure>
      ))}
      <Figure name={t('usage.cost')}>
        <Cost nanos={shadow.cost} unpriced={shadow.unpriced} />
      </Figure>
    </Card>
  );
}

/** When it was asked last whether it works, and what that said. */
function HealthLine({ target: { health_checks: made, health_error: error } }: { target: TargetState }) {
  const { t } = useTranslation();
  if (!made) return null;
  const counts = t('pool.checks', { good: made.good, failed: made.failed, seconds: made.interval_ms / 1_000 });
  if (typeof made.last_at !== 'number') {
    return (
      <p className="muted small">
        {t('pool.check')}: {t('pool.notChecked')}
      </p>
    );
  }
  return (
    <p className="small">
      {t('pool.check')}:{' '}
      <Status tone={error ? 'bad' : 'good'}>{t(error ? 'pool.checkFailed' : 'pool.checkPassed')}</Status>{' '}
      <Time value={made.last_at} as="relative" />
      {error ? `: ${error.message}` : null} <span className="muted">({counts})</span>
    </p>
  );
}

/** Why it is left alone, its last error, and the keys of which there is something to say. */
function Reasons({ target, stand }: { target: TargetState; stand: Stand }) {
  const { t } = useTranslation();
  const error = target.last_error;
  const keys = (target.keys ?? []).filter((key) => key.expired || key.cooldown || wordOf(key.breaker) || hasLimit(key));
  return (
    <>
      {stand.until === null ? null : (
        <p className="small">
          {t('pool.until')} <Time value={stand.until} />
        </p>
      )}
      {error ? (
        <p className="muted small">
          <Time value={error.at} as="relative" />: {error.message}
        </p>
      ) : null}
      {keys.length === 0 ? null : (
        <ul className={classes.keys}>
          {keys.map((key) => (
            <li key={key.id}>
              <code>{key.id}</code> <KeyStand state={key} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const hasLimit = (key: KeyState) => typeof key.requests === 'number' || typeof key.tokens === 'number';

function KeyStand({ state }: { state: KeyState }) {
  const { t } = useTranslation();
  if (state.expired) return <Status tone="bad">{t('pool.keyExpired')}</Status>;
  const word = wordOf(state.breaker);
  return (
    <>
      {word ? <Status tone={word.tone}>{t(`pool.states.${word.word}`)}</Status> : null}
      {state.last_error && word ? <span className="muted small">{state.last_error.message}</span> : null}
      {state.cooldown ? <Status tone="warn">{t(`pool.states.${state.cooldown.reason}`)}</Status> : null}
      {typeof state.requests === 'number' ? <span>{t('pool.requests', { count: state.requests })}</span> : null}
      {typeof state.tokens === 'number' ? <span>{t('pool.tokens', { count: state.tokens })}</span> : null}
    </>
  );
}
