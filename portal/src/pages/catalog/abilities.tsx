// What a model can do, as words.
import { useTranslation } from 'react-i18next';
import type { CatalogModel } from '../../api/types';
import { Tag } from '../../ui/status';
import classes from './catalog.module.css';
import { abilities } from './filter';

export function Abilities({ model }: { model: CatalogModel }) {
  const { t } = useTranslation();
  const shown = abilities.filter((ability) => model.abilities?.includes(ability));
  if (shown.length === 0) return <span className="muted">–</span>;
  return (
    <span className={classes.abilities}>
      {shown.map((ability) => (
        <Tag key={ability}>{t(`catalog.abilities.${ability}`)}</Tag>
      ))}
    </span>
  );
}
