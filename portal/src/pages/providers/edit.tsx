// One provider: its fields and a test of its connection.
import { useTranslation } from 'react-i18next';
import { ResourcePage } from '../../resources/resource-page';
import { Section } from '../../ui/page';
import { ProviderFields } from './fields';
import { TestConnection } from './test-connection';
import { providerFaults, providerSpec, providerValues } from './values';

export default function EditProvider() {
  const { t } = useTranslation();
  return (
    <ResourcePage
      collection="providers"
      title={(spec, id) => spec.name || id}
      deleteText={t('providers.deleteText')}
      toValues={providerValues}
      toSpec={providerSpec}
      faults={providerFaults}
      above={(_, id, editor) => (
        <Section title={t('providers.testTitle')} lead={t('providers.testLead')}>
          <TestConnection id={id} disabledReason={editor.form.isDirty() ? t('providers.testSaveFirst') : undefined} />
        </Section>
      )}
      fields={(editor) => <ProviderFields form={editor.form} isNew={false} keyEnv={undefined} />}
    />
  );
}
