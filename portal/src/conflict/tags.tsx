// The parts of a conflict policy as short words, for lists.
import { useTranslation } from 'react-i18next';
import { Clip } from '../ui/clip';
import { parts, policyValues } from './policy';

export function PolicyTags({ setting }: { setting: unknown }) {
  const { t } = useTranslation();
  const { mode, own } = policyValues(setting);
  if (mode !== 'own') return <span className="muted">{t(`conflict.modes.${mode}`)}</span>;
  const on = parts.filter((name) => own[name] !== undefined && own[name] !== null);
  return <Clip code text={on.join(' ') || '–'} />;
}
