// One application: its keys, what it may call, a way to remove it.
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type Loaded as LoadedResource, useResource } from '../../api/resources';
import type { Application } from '../../api/types';
import { ResourceFrame } from '../../forms/resource-frame';
import { Changed, DeleteResource } from '../../forms/resource-head';
import { useResourceForm } from '../../forms/use-resource-form';
import { Loaded, sayDone } from '../../ui/notes';
import { Page } from '../../ui/page';
import { ApplicationFields } from './fields';
import { Keys } from './keys';
import { applicationSpec, applicationValues } from './values';

export default function EditApplication() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id } = useParams({ from: '/app/applications/$id' });
  const application = useResource('applications', id);
  const loaded = application.data;
  const remove = loaded ? (
    <DeleteResource
      collection="applications"
      id={id}
      etag={loaded.etag}
      onDeleted={() => void navigate({ to: '/applications', search: {} })}
    >
      {t('apps.deleteText')}
    </DeleteResource>
  ) : undefined;
  return (
    <Page
      title={loaded?.data.spec.name || id}
      width="narrow"
      above={<Link to="/applications">{t('nav.applications')}</Link>}
      lead={loaded ? <Changed resource={loaded.data} /> : undefined}
      actions={remove}
    >
      <Loaded query={application}>
        {(answer) => (
          <>
            <Keys application={id} spec={answer.data.spec} />
            <Editor key={answer.etag} loaded={answer} onReload={() => void application.refetch()} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Editor({ loaded, onReload }: { loaded: LoadedResource<Application>; onReload: () => void }) {
  const { t } = useTranslation();
  const { id } = loaded.data;
  const editor = useResourceForm({
    collection: 'applications',
    loaded,
    start: applicationValues(loaded.data.spec, id),
    toValues: applicationValues,
    toSpec: applicationSpec,
    onSaved: () => sayDone(t('common.saved')),
  });
  return (
    <ResourceFrame editor={editor} kind="Application" id={id} loaded={loaded.data} onReload={onReload}>
      <ApplicationFields form={editor.form} isNew={false} />
    </ResourceFrame>
  );
}
