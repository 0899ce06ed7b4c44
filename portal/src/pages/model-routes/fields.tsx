// The fields of a model route: its name, its targets, when to go on to the next.
import { Checkbox, NumberInput, Switch, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Milliseconds } from '../../forms/fields';
import { Columns, Rows, Section } from '../../ui/page';
import classes from './fields.module.css';
import { SharePicture } from './share-picture';
import { Targets } from './targets';
import { type RouteValues, retryReasons, targetSpec } from './values';

type Form = UseFormReturnType<RouteValues>;

export function RouteFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <Rows>
      <Section title={t('routes.about')}>
        <Columns>
          {isNew ? (
            <TextInput label={t('common.id')} description={t('routes.idHint')} required {...form.getInputProps('id')} />
          ) : null}
          <TextInput label={t('routes.model')} description={t('routes.modelHint')} {...form.getInputProps('model')} />
          <TextInput
            label={t('common.description')}
            description={t('routes.descriptionHint')}
            {...form.getInputProps('description')}
          />
        </Columns>
      </Section>
      <Section title={t('routes.targets')} lead={t('routes.targetsLead')}>
        <Rows>
          <SharePicture targets={form.getValues().targets.map(targetSpec)} />
          <Targets form={form} />
        </Rows>
      </Section>
      <Section title={t('routes.retry')} lead={t('routes.retryLead')}>
        <Retry form={form} />
      </Section>
    </Rows>
  );
}

function Retry({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <Rows>
      <Columns min="10rem">
        <NumberInput label={t('routes.maxAttempts')} min={1} max={10} {...form.getInputProps('retry.max_attempts')} />
        <Milliseconds
          label={t('routes.cooldown')}
          value={form.getValues().retry.cooldown_ms}
          onChange={(ms) => form.setFieldValue('retry.cooldown_ms', ms)}
          error={form.errors['retry.cooldown_ms']}
        />
      </Columns>
      <Checkbox.Group label={t('routes.retryOn')} {...form.getInputProps('retry.on')}>
        <div className={classes.reasons}>
          {retryReasons.map((reason) => (
            <Checkbox key={reason} value={reason} label={t(`routes.reasons.${reason}`)} />
          ))}
        </div>
      </Checkbox.Group>
      <Switch
        label={t('routes.strict')}
        description={t('routes.strictHint')}
        {...form.getInputProps('strict', { type: 'checkbox' })}
      />
    </Rows>
  );
}
