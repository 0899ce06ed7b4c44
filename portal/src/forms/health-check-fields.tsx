// The fields of a health check: whether there is one, what is asked for, and what its answers mean.
import { NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Columns, Rows } from '../ui/page';
import { Milliseconds } from './fields';
import { type HealthCheckValues, healthMethods, usualHealthCheck } from './health-check';

/** What of a form is needed to hold one. */
export interface HealthCheckForm {
  errors: Record<string, ReactNode>;
  setFieldValue: (path: string, value: HealthCheckValues | HealthCheckValues[keyof HealthCheckValues] | null) => void;
}

interface HealthCheckFieldsProps {
  form: HealthCheckForm;
  /** Where it stands in the form, such as `targets.0.health_check`. */
  path: string;
  value: HealthCheckValues | null;
  label: string;
  hint: string;
}

export function HealthCheckFields({ form, path, value, label, hint }: HealthCheckFieldsProps) {
  return (
    <Rows>
      <Switch
        label={label}
        description={hint}
        checked={value !== null}
        onChange={(event) => form.setFieldValue(path, event.currentTarget.checked ? usualHealthCheck : null)}
        error={form.errors[path]}
      />
      {value === null ? null : <Details form={form} path={path} value={value} />}
    </Rows>
  );
}

function Details({ form, path, value }: { form: HealthCheckForm; path: string; value: HealthCheckValues }) {
  const { t } = useTranslation();
  const field = <Name extends keyof HealthCheckValues>(name: Name) => ({
    label: t(`health.${name}`),
    description: t(`health.hints.${name}`),
    value: value[name],
    error: form.errors[`${path}.${name}`],
    onChange: (next: HealthCheckValues[Name]) => form.setFieldValue(`${path}.${name}`, next),
  });
  const count = (name: 'unhealthy_after' | 'healthy_after') => {
    const { onChange, ...rest } = field(name);
    return <NumberInput {...rest} min={0} allowDecimal={false} onChange={(next) => onChange(Number(next) || 0)} />;
  };
  const where = field('path');
  const body = field('body');
  return (
    <Rows>
      <Columns min="20rem">
        <TextInput
          {...where}
          placeholder="/models"
          onChange={(event) => where.onChange(event.currentTarget.value)}
          spellCheck={false}
        />
        <Select
          {...field('method')}
          data={healthMethods.map((method) => ({ value: method, label: method.toUpperCase() }))}
          allowDeselect={false}
          onChange={(next) => field('method').onChange((next ?? 'get') as HealthCheckValues['method'])}
        />
      </Columns>
      {value.method === 'post' ? (
        <Textarea
          {...body}
          autosize
          minRows={3}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          onChange={(event) => body.onChange(event.currentTarget.value)}
        />
      ) : null}
      <Columns min="20rem">
        <Milliseconds {...field('interval_ms')} />
        <Milliseconds {...field('timeout_ms')} />
        {count('unhealthy_after')}
        {count('healthy_after')}
      </Columns>
      <TagsInput {...field('statuses')} placeholder={value.statuses.length === 0 ? '200' : ''} acceptValueOnBlur />
    </Rows>
  );
}
