// Makes an API key and shows it this once, with a snippet that runs.
import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMakeKey, useModels } from '../../api/gateway';
import { faultsByField, Problem } from '../../api/problem';
import type { Application, MadeKey } from '../../api/types';
import { AllowList } from '../../forms/fields';
import { FirstCall } from '../../ui/call-snippets';
import { SecretOnce } from '../../ui/copyable';
import { ErrorNote } from '../../ui/notes';
import { Bar, Rows } from '../../ui/page';

interface MakeKeyProps {
  application: string;
  spec: Application;
  onClose: () => void;
}

const lifetimes = ['never', '7', '30', '90', '365'] as const;

function expiry(days: string): string | null {
  return days === 'never' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
}

export function MakeKey({ application, spec, onClose }: MakeKeyProps) {
  const { t } = useTranslation();
  const [made, setMade] = useState<MadeKey | null>(null);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t(made ? 'apps.keyMade' : 'apps.makeKey')}
      closeOnClickOutside={!made}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {made ? (
        <Made made={made} spec={spec} onClose={onClose} />
      ) : (
        <KeyForm application={application} onMade={setMade} onClose={onClose} />
      )}
    </Modal>
  );
}

function KeyForm({
  application,
  onMade,
  onClose,
}: {
  application: string;
  onMade: (made: MadeKey) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const make = useMakeKey();
  const known = (useModels().data ?? []).map((model) => model.id);
  const form = useForm({ initialValues: { name: '', lifetime: '90', models: [] as string[] } });
  const submit = form.onSubmit(async ({ name, lifetime, models }) => {
    try {
      const narrowed = models.length > 0 ? models : null;
      onMade(await make.mutateAsync({ application, name, expires_at: expiry(lifetime), models: narrowed }));
    } catch (error) {
      if (error instanceof Problem) form.setErrors(faultsByField(error.faults));
    }
  });
  return (
    <form onSubmit={submit}>
      <Rows>
        <TextInput
          label={t('common.name')}
          description={t('apps.keyNameHint')}
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Select
          label={t('apps.lifetime')}
          comboboxProps={{ withinPortal: true }}
          data={lifetimes.map((days) => ({
            value: days,
            label: days === 'never' ? t('apps.never') : t('apps.days', { count: Number(days) }),
          }))}
          {...form.getInputProps('lifetime')}
          error={form.errors['expires_at']}
        />
        <AllowList
          label={t('apps.narrowModels')}
          description={t('apps.modelsHint')}
          inDialog
          empty={t('apps.narrowModelsHint')}
          value={form.getValues().models}
          onChange={(models) => form.setFieldValue('models', models)}
          known={known}
          error={form.errors['models']}
        />
        <ErrorNote error={make.error} />
        <Bar end>
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={make.isPending}>
            {t('apps.makeKey')}
          </Button>
        </Bar>
      </Rows>
    </form>
  );
}

function Made({ made, spec, onClose }: { made: MadeKey; spec: Application; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Rows>
      <SecretOnce secret={made.key} label={t('apps.theKey')} />
      <FirstCall apiKey={made.key} allowed={made.api_key.spec.models ?? spec.models} />
      <Bar end>
        <Button onClick={onClose}>{t('apps.keyStored')}</Button>
      </Bar>
    </Rows>
  );
}
