// A change as the fields that differ, before and after.
import { useTranslation } from 'react-i18next';
import { differences, type Json } from '../forms/merge';
import classes from './change-view.module.css';

type Fields = { [key: string]: Json };

function asFields(state: unknown): Fields | null {
  return typeof state === 'object' && state !== null && !Array.isArray(state) ? (state as Fields) : null;
}

/** The fields of a state. Of a resource, those of its content; its envelope does not change. */
function fieldsOf(state: unknown): Fields {
  const fields = asFields(state) ?? {};
  return asFields(fields['spec']) ?? fields;
}

interface ChangeProps {
  before: unknown;
  after: unknown;
}

function changesOf({ before, after }: ChangeProps) {
  const old = fieldsOf(before);
  return differences(old, fieldsOf(after), old);
}

/** How many fields differ; opened, which. */
export function ChangeView(change: ChangeProps) {
  const { t } = useTranslation();
  const found = changesOf(change);
  if (found.length === 0) return <span className="muted">–</span>;
  return (
    <details className={classes.change}>
      <summary>{t('audit.fields', { count: found.length })}</summary>
      <ChangeList {...change} />
    </details>
  );
}

export function ChangeList(change: ChangeProps) {
  const { t } = useTranslation();
  const found = changesOf(change);
  if (found.length === 0) return <p className="muted">{t('audit.same')}</p>;
  return (
    <dl className={classes.fields}>
      {found.map(({ path, base, mine }) => (
        <div key={path}>
          <dt>
            <code>{path}</code>
          </dt>
          <dd>
            {base === undefined ? null : <del>{show(base)}</del>}
            {mine === undefined ? null : <ins>{show(mine)}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const show = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
