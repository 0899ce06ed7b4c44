// A change as the fields that differ, before and after.
import { useTranslation } from 'react-i18next';
import { differences, type Json } from '../../forms/merge';
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

export function ChangeView({ before, after }: { before: unknown; after: unknown }) {
  const { t } = useTranslation();
  const old = fieldsOf(before);
  const found = differences(old, fieldsOf(after), old);
  if (found.length === 0) return <span className="muted">–</span>;
  return (
    <details className={classes.change}>
      <summary>{t('audit.fields', { count: found.length })}</summary>
      <dl>
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
    </details>
  );
}

const show = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
