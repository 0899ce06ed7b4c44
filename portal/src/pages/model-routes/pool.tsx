// The targets of a model route as they stand at this moment: who is called, how often, who is left alone and why.
import { useTranslation } from 'react-i18next';
import { useRouting } from '../../api/gateway';
import type { ShadowState, TargetState } from '../../api/types';
import { Loaded } from '../../ui/notes';
import { Section } from '../../ui/page';
import { Level, Levels } from './levels';
import classes from './pool.module.css';
import { type Level as LevelState, levelsOf } from './stand';
import { ShadowCard, TargetCard } from './target-card';

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
            <Levels>
              {levelsOf(state.targets).map((level, index) => (
                <LevelView key={level.priority} level={level} first={index === 0} />
              ))}
              {(state.shadows ?? []).length === 0 ? null : <Shadows all={state.shadows ?? []} />}
            </Levels>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** The targets of one priority: who got how much of the calls that came to it, then each as it stands. */
function LevelView({ level: { priority, picks, targets }, first }: { level: LevelState; first: boolean }) {
  const { t } = useTranslation();
  return (
    <Level name={t(first ? 'pool.first' : 'pool.fallback', { priority })} note={t('pool.callsHere', { count: picks })}>
      <div className={classes.bar} aria-hidden="true">
        {targets.map(({ target, share }, index) => (
          <div key={nameOf(target)} data-part={index % parts} style={{ flexGrow: share }} />
        ))}
      </div>
      <ul className={classes.targets}>
        {targets.map((one, index) => (
          <TargetCard key={nameOf(one.target)} {...one} part={index % parts} />
        ))}
      </ul>
    </Level>
  );
}

/** Colours of the bar, which each target bears too. */
const parts = 6;
const nameOf = ({ provider, model }: TargetState) => `${provider}/${model}`;

/** Those that get copies and answer nobody. */
function Shadows({ all }: { all: ShadowState[] }) {
  const { t } = useTranslation();
  return (
    <Level name={t('pool.shadows')} note={t('pool.shadowsNote')}>
      <ul className={classes.targets}>
        {all.map((shadow) => (
          <ShadowCard key={nameOf(shadow.target)} shadow={shadow} />
        ))}
      </ul>
    </Level>
  );
}
