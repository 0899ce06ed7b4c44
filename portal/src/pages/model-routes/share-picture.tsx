// Where calls go: one bar for each priority, parted by weight; the bars below are the fallback.
import { useTranslation } from 'react-i18next';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import classes from './share-picture.module.css';
import { shares } from './values';

interface SharePictureProps {
  targets: { provider: string; model: string; priority?: number; weight?: number }[];
}

export function SharePicture({ targets }: SharePictureProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const levels = shares(targets.filter((target) => target.provider && target.model));
  if (levels.length === 0) return null;
  return (
    <ol className={classes.levels}>
      {levels.map(({ priority, parts }, level) => (
        <li key={priority}>
          <span className={classes.level}>
            {level === 0 ? t('routes.first') : t('routes.fallback', { number: level })}
          </span>
          <div className={classes.bar}>
            {parts.map((part, index) => (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: the same target may be named twice while it is edited
                key={index}
                className={classes.part}
                data-standby={part.standby || undefined}
                style={{ flexGrow: Math.max(part.share, 0.12) * 100 }}
              >
                <span>{part.label}</span>
                <strong>{part.standby ? t('routes.standby') : formatShare(part.share, 1, locale)}</strong>
              </div>
            ))}
          </div>
        </li>
      ))}
    </ol>
  );
}
