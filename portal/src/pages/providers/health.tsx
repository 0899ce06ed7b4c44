// How a provider did in the last hour, judged by the requests that it answered.
import { useTranslation } from 'react-i18next';
import type { Provider, UsageRow } from '../../api/types';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Hint } from '../../ui/hint';
import { Status } from '../../ui/status';

/** From this share of failed requests on a provider counts as failing. */
const failing = 0.5;

export function ProviderHealth({ provider, usage }: { provider: Provider; usage: UsageRow | undefined }) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (provider.disabled) return <Status tone="idle">{t('providers.states.disabled')}</Status>;
  if (!usage || usage.requests === 0) return <Status tone="idle">{t('providers.states.idle')}</Status>;
  const share = usage.errors / usage.requests;
  const label = t('providers.errorShare', { share: formatShare(usage.errors, usage.requests, locale) });
  const state =
    share === 0
      ? (['good', 'well'] as const)
      : share < failing
        ? (['warn', 'errors'] as const)
        : (['bad', 'failing'] as const);
  return (
    <Hint label={label}>
      <Status tone={state[0]}>{t(`providers.states.${state[1]}`)}</Status>
    </Hint>
  );
}
