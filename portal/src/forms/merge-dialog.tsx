// A stale save: what changed, who, when; both versions field by field; take theirs, mine, or merge.
import { Button, Modal, Radio } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Resource } from '../api/types';
import { Time } from '../ui/figures';
import { Bar, Rows } from '../ui/page';
import { type Difference, defaultSide, differences, type Json, merge, type Side } from './merge';
import classes from './merge-dialog.module.css';
import type { Stale } from './use-resource-form';

interface MergeDialogProps<S> {
  stale: Stale<S>;
  base: Resource<S>;
  mine: S;
  busy: boolean;
  onSave: (spec: S, etag: string) => void;
  /** Gives up the reader's own changes. */
  onTakeTheirs: () => void;
  onClose: () => void;
}

type Fields = { [key: string]: Json };
const plain = <S,>(spec: S): Fields => JSON.parse(JSON.stringify(spec));

export function MergeDialog<S>({ stale, base, mine, busy, onSave, onTakeTheirs, onClose }: MergeDialogProps<S>) {
  const { t } = useTranslation();
  const [choices, setChoices] = useState<Record<string, Side>>({});
  const baseFields = plain(base.spec);
  const found = differences(baseFields, plain(mine), plain(stale.current.spec));
  const open = found.filter((d) => !choices[d.path] && defaultSide(d) === null).length;
  const chooseAll = (side: Side) => setChoices(Object.fromEntries(found.map((d) => [d.path, side])));
  const save = () => onSave(merge(baseFields, found, choices) as S, stale.etag);
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('merge.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Rows>
        <p>
          {t('merge.changedBy', { who: stale.current.updated_by })}{' '}
          <Time value={stale.current.updated_at} as="relative" />. {t('merge.nothingLost')}
        </p>
        <div className={classes.fields}>
          {found.map((difference) => (
            <Field
              key={difference.path}
              difference={difference}
              side={choices[difference.path] ?? defaultSide(difference)}
              onChoose={(side) => setChoices({ ...choices, [difference.path]: side })}
            />
          ))}
        </div>
        <Bar>
          <Button variant="default" size="xs" onClick={() => chooseAll('mine')}>
            {t('merge.allMine')}
          </Button>
          <Button variant="default" size="xs" onClick={onTakeTheirs}>
            {t('merge.allTheirs')}
          </Button>
        </Bar>
        <Bar end>
          <span className="muted small" aria-live="polite">
            {open > 0 ? t('merge.toDecide', { count: open }) : t('merge.decided')}
          </span>
          <Button variant="default" onClick={onClose}>
            {t('merge.keepEditing')}
          </Button>
          <Button onClick={save} disabled={open > 0} loading={busy}>
            {t('merge.save')}
          </Button>
        </Bar>
      </Rows>
    </Modal>
  );
}

function Field({
  difference,
  side,
  onChoose,
}: {
  difference: Difference;
  side: Side | null;
  onChoose: (side: Side) => void;
}) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      value={side ?? ''}
      onChange={(value) => onChoose(value === 'mine' ? 'mine' : 'theirs')}
      label={<code>{difference.path}</code>}
      description={t(`merge.by.${difference.by}`)}
      className={classes.field}
      data-open={side === null || undefined}
    >
      <div className={classes.sides}>
        <Radio.Card value="theirs" className={classes.side}>
          <span className={classes.sideName}>{t('merge.theirs')}</span>
          <Value value={difference.theirs} />
        </Radio.Card>
        <Radio.Card value="mine" className={classes.side}>
          <span className={classes.sideName}>{t('merge.mine')}</span>
          <Value value={difference.mine} />
        </Radio.Card>
      </div>
      <p className="small muted">
        {t('merge.before')} <Value value={difference.base} />
      </p>
    </Radio.Group>
  );
}

function Value({ value }: { value: Json | undefined }) {
  const { t } = useTranslation();
  if (value === undefined) return <em>{t('merge.absent')}</em>;
  return <code className={classes.value}>{typeof value === 'string' ? value : JSON.stringify(value, null, 1)}</code>;
}
