// Where calls go: one bar for each priority, parted by weight; the bars below are the fallback, and who is beside them.
import { useTranslation } from 'react-i18next';
import type { ModelTarget } from '../../api/types';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Level, Levels } from './levels';
import classes from './share-picture.module.css';
import { beside, shares } from './values';

interface PartProps {
  label: string;
  said: string;
  /** Part of the bar, 0 to 1. */
  share: number;
  kind: 'first' | 'fallback' | 'aside';
}

const Part = ({ label, said, share, kind }: PartProps) => (
  <div className={classes.part} data-kind={kind} style={{ flexGrow: Math.max(share, 0.12) * 100 }}>
    <span>{label}</span>
    <strong>{said}</strong>
  </div>
);

export function SharePicture({ targets }: { targets: ModelTarget[] }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const named = targets.filter((target) => target.provider && target.model);
  const levels = shares(named);
  const others = beside(named);
  if (levels.length + others.length === 0) return null;
  return (
    <Levels>
      {levels.map(({ priority, parts }, level) => (
        <Level key={priority} name={level === 0 ? t('routes.first') : t('routes.fallback', { number: level })}>
          <div className={classes.bar}>
            {parts.map(({ label, share, standby }, index) => (
              <Part
                // biome-ignore lint/suspicious/noArrayIndexKey: the same target may be named twice while it is edited
                key={index}
                label={label}
                said={standby ? t('routes.standby') : formatShare(share, 1, locale)}
                share={share}
                kind={standby ? 'aside' : level === 0 ? 'first' : 'fallback'}
              />
            ))}
          </div>
        </Level>
      ))}
      {others.length === 0 ? null : (
        <Level name={t('routes.beside')}>
          <div className={classes.bar}>
            {others.map(({ label, role, percent }, index) => (
              <Part
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                key={index}
                label={label}
                said={t(`routes.besideBy.${role}`, { percent })}
                share={1}
                kind="aside"
              />
            ))}
          </div>
        </Level>
      )}
    </Levels>
  );
}
