// The fields of a team: who it is, and what the request log keeps of what its applications send and get.
import { Alert, MultiSelect, NumberInput, Radio, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../ui/icons';
import { Columns, Rows, Section } from '../../ui/page';
import { kept, recognised, type TeamValues } from './values';

type Form = UseFormReturnType<TeamValues>;

export function TeamFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <Rows>
      <Section title={t('apps.about')}>
        <Columns>
          <TextInput label={t('common.name')} description={t('common.nameHint')} {...form.getInputProps('name')} />
          {isNew ? (
            <TextInput label={t('common.id')} description={t('common.idHint')} required {...form.getInputProps('id')} />
          ) : null}
          <TextInput
            label={t('common.description')}
            description={t('apps.descriptionHint')}
            {...form.getInputProps('description')}
          />
        </Columns>
      </Section>
      <Section title={t('teams.log')} lead={t('teams.logLead')}>
        <Rows>
          <Radio.Group label={t('teams.bodies')} {...form.getInputProps('request_log.bodies')}>
            {kept.map((which) => (
              <Radio
                key={which}
                mt="xs"
                value={which}
                label={t(`teams.kept.${which}`)}
                description={t(`teams.keptHint.${which}`)}
              />
            ))}
          </Radio.Group>
          {form.getValues().request_log.bodies === 'off' ? null : (
            <>
              <Alert color="amber" variant="light" icon={<Icon name="warn" />}>
                {t('teams.consequence')}
              </Alert>
              <HowMuch form={form} />
              <Redacted form={form} />
            </>
          )}
        </Rows>
      </Section>
    </Rows>
  );
}

function HowMuch({ form }: { form: Form }) {
  const { t } = useTranslation();
  const field = (name: 'sample_percent' | 'max_bytes' | 'retention_days' | 'max_total_mib', suffix: string) => (
    <NumberInput
      label={t(`teams.${name}`)}
      description={t(`teams.${name}_hint`)}
      min={1}
      allowDecimal={false}
      thousandSeparator=" "
      suffix={suffix}
      {...form.getInputProps(`request_log.${name}`)}
      onChange={(next) => form.setFieldValue(`request_log.${name}`, Number(next) || 0)}
    />
  );
  return (
    <Columns>
      {field('retention_days', ` ${t('teams.days')}`)}
      {field('sample_percent', ' %')}
      {field('max_bytes', ' B')}
      {field('max_total_mib', ' MiB')}
    </Columns>
  );
}

function Redacted({ form }: { form: Form }) {
  const { t } = useTranslation();
  const list = (name: 'members' | 'pointers' | 'patterns') => {
    const errors = Object.entries(form.errors).filter(([field]) => field.startsWith(`request_log.redact.${name}`));
    return (
      <TagsInput
        label={t(`teams.${name}`)}
        description={t(`teams.${name}_hint`)}
        value={form.getValues().request_log.redact[name]}
        onChange={(next) => form.setFieldValue(`request_log.redact.${name}`, next)}
        error={errors[0]?.[1]}
        // A pattern may hold a comma.
        splitChars={[]}
        acceptValueOnBlur
      />
    );
  };
  return (
    <Rows>
      <MultiSelect
        label={t('teams.builtin')}
        description={t('teams.builtin_hint')}
        data={recognised.map((value) => ({ value, label: t(`teams.recognised.${value}`) }))}
        {...form.getInputProps('request_log.redact.builtin')}
      />
      <Columns min="20rem">
        {list('members')}
        {list('pointers')}
        {list('patterns')}
      </Columns>
    </Rows>
  );
}
