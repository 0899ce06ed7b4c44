// One model route: its fields, a way to call it, a way to remove it.

import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type Loaded as LoadedResource, useResource } from '../../api/resources';
import type { ModelRoute } from '../../api/types';
import { ResourceFrame } from '../../forms/resource-frame';
import { Changed, DeleteResource } from '../../forms/resource-head';
import { useResourceForm } from '../../forms/use-resource-form';
import { ButtonLink } from '../../ui/button-link';
import { Icon } from '../../ui/icons';
import { Loaded, sayDone } from '../../ui/notes';
import { Page } from '../../ui/page';
import { RouteFields } from './fields';
import { routeSpec, routeValues } from './values';

export default function EditModelRoute() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id } = useParams({ from: '/app/model-routes/$id' });
  const route = useResource('model-routes', id);
  const loaded = route.data;
  const actions = loaded ? (
    <>
      <ButtonLink
        to="/playground"
        search={{ model: loaded.data.spec.model ?? id }}
        variant="default"
        leftSection={<Icon name="playground" size={16} />}
      >
        {t('routes.tryIt')}
      </ButtonLink>
      <DeleteResource
        collection="model-routes"
        id={id}
        etag={loaded.etag}
        onDeleted={() => void navigate({ to: '/model-routes', search: {} })}
      >
        {t('routes.deleteText')}
      </DeleteResource>
    </>
  ) : undefined;
  return (
    <Page
      title={id}
      width="narrow"
      above={<Link to="/model-routes">{t('nav.modelRoutes')}</Link>}
      lead={loaded ? <Changed resource={loaded.data} /> : undefined}
      actions={actions}
    >
      <Loaded query={route}>
        {(answer) => <Editor key={answer.etag} loaded={answer} onReload={() => void route.refetch()} />}
      </Loaded>
    </Page>
  );
}

function Editor({ loaded, onReload }: { loaded: LoadedResource<ModelRoute>; onReload: () => void }) {
  const { t } = useTranslation();
  const { id } = loaded.data;
  const editor = useResourceForm({
    collection: 'model-routes',
    loaded,
    start: routeValues(loaded.data.spec, id),
    toValues: routeValues,
    toSpec: routeSpec,
    onSaved: () => sayDone(t('common.saved')),
  });
  return (
    <ResourceFrame editor={editor} kind="ModelRoute" id={id} loaded={loaded.data} onReload={onReload}>
      <RouteFields form={editor.form} isNew={false} />
    </ResourceFrame>
  );
}
