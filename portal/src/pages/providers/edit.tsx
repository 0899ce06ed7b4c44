// One provider: its fields, a test, and the way to remove it.
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type Loaded as LoadedResource, useResource } from '../../api/resources';
import type { Provider } from '../../api/types';
import { ResourceFrame } from '../../forms/resource-frame';
import { Changed, DeleteResource } from '../../forms/resource-head';
import { useResourceForm } from '../../forms/use-resource-form';
import { Loaded, sayDone } from '../../ui/notes';
import { Page, Rows, Section } from '../../ui/page';
import { ProviderFields } from './fields';
import { TestConnection } from './test-connection';
import { providerSpec, providerValues } from './values';

export default function EditProvider() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id } = useParams({ from: '/app/providers/$id' });
  const provider = useResource('providers', id);
  const loaded = provider.data;
  const remove = loaded ? (
    <DeleteResource
      collection="providers"
      id={id}
      etag={loaded.etag}
      onDeleted={() => void navigate({ to: '/providers', search: {} })}
    >
      {t('providers.deleteText')}
    </DeleteResource>
  ) : undefined;
  return (
    <Page
      title={loaded?.data.spec.name || id}
      width="narrow"
      above={<Link to="/providers">{t('nav.providers')}</Link>}
      lead={loaded ? <Changed resource={loaded.data} /> : undefined}
      actions={remove}
    >
      <Loaded query={provider}>
        {(answer) => <Editor key={answer.etag} loaded={answer} onReload={() => void provider.refetch()} />}
      </Loaded>
    </Page>
  );
}

function Editor({ loaded, onReload }: { loaded: LoadedResource<Provider>; onReload: () => void }) {
  const { t } = useTranslation();
  const { id } = loaded.data;
  const editor = useResourceForm({
    collection: 'providers',
    loaded,
    start: providerValues(loaded.data.spec, id),
    toValues: providerValues,
    toSpec: providerSpec,
    onSaved: () => sayDone(t('common.saved')),
  });
  return (
    <Rows>
      <Section title={t('providers.testTitle')} lead={t('providers.testLead')}>
        <TestConnection id={id} disabledReason={editor.form.isDirty() ? t('providers.testSaveFirst') : undefined} />
      </Section>
      <ResourceFrame editor={editor} kind="Provider" id={id} loaded={loaded.data} onReload={onReload}>
        <ProviderFields form={editor.form} isNew={false} keyEnv={undefined} />
      </ResourceFrame>
    </Rows>
  );
}
