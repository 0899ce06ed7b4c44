// The same resource as `weir apply` reads it. Loaded only when it is looked at.
import { useTranslation } from 'react-i18next';
import { stringify } from 'yaml';
import { Code } from '../ui/snippet';

interface YamlViewProps {
  kind: string;
  id: string;
  team: string | undefined;
  spec: unknown;
}

export default function YamlView({ kind, id, team, spec }: YamlViewProps) {
  const { t } = useTranslation();
  const text = stringify({ kind, id, ...(team ? { team } : {}), spec: withoutPlainSecrets(spec) }, { lineWidth: 110 });
  return (
    <div>
      <p className="muted small">{t('form.yamlLead')}</p>
      <Code text={text} label={t('form.yaml')} />
    </div>
  );
}

/** Names of what holds a credential: a key's secret, and headers such as `Authorization` or `x-api-key`. */
const credential = /secret|auth|token|key|password|cookie/i;

/** A secret that was just typed must not appear in what people copy around. */
function withoutPlainSecrets(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec), (name, value: unknown) => {
    const reference = typeof value === 'string' && /^(env|file|sealed):/.test(value);
    return typeof value === 'string' && value && credential.test(name) && !reference ? '***' : value;
  });
}
