// The targets of a model route as they stand at this moment: who is called, how often, who is left alone and why.
import { useTranslation } from 'react-i18next';
import { useRouting } from '../../api/gateway';
import type { KeyState, TargetState } from '../../api/types';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Figure, Figures } from '../../ui/facts';
import { Count, Duration, Time } from '../../ui/figures';
import { Loaded } from '../../ui/notes';
import { Section } from '../../ui/page';
import { Status, Tag } from '../../ui/status';
import classes from './pool.module.css';
import { type Level, levelsOf, type Stand, wordOf } from './stand';

export function Pool({ route }: { route: string }) {
  const { t } = useTranslation();
  const routing = useRouting();
  const strategy = routing.data?.routes.find((one) => one.route === route)?.strategy;
  const lead = strategy ? `${t(`pool.strategies.${strategy}`)} ${t('pool.lead')}` : t('pool.lead');
  return (
    <Section title={t('pool.title')} lead={lead}>
      <Loaded query={routing}>
        {({ live, routes }) => {
          const state = routes.find((one) => one.route === route);
          if (!live) return <p className="muted">{t('pool.elsewhere')}</p>;
          if (!state) return <p className="muted">{t('pool.notYet')}</p>;
          return (
            <ol className={classes.levels}>
              {levelsOf(state.targets).map((level, index) => (
                <LevelView key={level.priority} level={level} first={index === 0} />
              ))}
            </ol>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** The targets of one priority: who got how much of the calls that came to it, then each as it stands. */
function LevelView({ level: { priority, picks, targets }, first }: { level: Level; first: boolean }) {
  const { t } = useTranslation();
  return (
    <li>
      <span className={classes.level}>{t(first ? 'pool.first' : 'pool.fallback', { priority })}</span>{' '}
      <span className="muted small">{t('pool.callsHere', { count: picks })}</span>
      <div className={classes.bar} aria-hidden="true">
        {targets.map(({ target, share }, index) => (
          <div key={nameOf(target)} data-part={index % parts} style={{ flexGrow: share }} />
        ))}
      </div>
      <ul className={classes.targets}>
        {targets.map((one, index) => (
          <Target key={nameOf(one.target)} {...one} part={index % parts} />
        ))}
      </ul>
    </li>
  );
}

/** Colours of the bar, which each target bears too. */
const parts = 6;
const nameOf = ({ provider, model }: TargetState) => `${provider}/${model}`;

function Target({ target, stand, share, standby, part }: Level['targets'][number] & { part: number }) {
  const { t } = useTranslation();
  const locale = useLocale();
  return (
    <li className={classes.target} data-tone={stand.tone}>
      <div className={classes.head}>
        <span className={classes.part} data-part={part} aria-hidden="true" />
        <code>
          {target.provider}/{target.model}
        </code>
        <Status tone={stand.tone}>{t(`pool.states.${stand.word}`)}</Status>
        {target.healthy === true ? <Tag>{t('pool.healthy')}</Tag> : null}
        {standby ? <Tag>{t('routes.standby')}</Tag> : null}
        {target.canary_percent === undefined ? null : <Tag>{t('pool.canary', { percent: target.canary_percent })}</Tag>}
      </div>
      <Figures>
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
      </Figures>
      <Reasons target={target} stand={stand} />
    </li>
  );
}

const inMicroseconds = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : ms * 1_000);

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
      {target.health_error ? (
        <p className="muted small">
          {t('pool.check')} <Time value={target.health_error.at} as="relative" />: {target.health_error.message}
        </p>
      ) : null}
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
