// One route: its fields, its conflict policy, and what that does to a request.
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useResource } from '../../api/resources';
import type { Route } from '../../api/types';
import { ResourcePage } from '../../resources/resource-page';
import { Loading } from '../../ui/notes';
import { RouteFields } from './fields';
import { routeSpec, routeValues, samplePath } from './values';

const Simulator = lazy(() => import('../../conflict/simulator'));

export default function EditRoute() {
  const { t } = useTranslation();
  return (
    <ResourcePage
      collection="routes"
      title={(_, id) => id}
      deleteText={t('rest.deleteRoute')}
      toValues={routeValues}
      toSpec={routeSpec}
      fields={(editor) => <RouteFields form={editor.form} isNew={false} />}
      beside={(spec, _, editor) => <RouteSimulator key={spec.path} route={spec} unsaved={editor.form.isDirty()} />}
    />
  );
}

/** It begins with a request that the route would get: the service knows its host and the prefix of its path. */
function RouteSimulator({ route, unsaved }: { route: Route; unsaved: boolean }) {
  const service = useResource('services', route.service);
  if (service.isPending) return <Loading />;
  const { hosts, base_path: basePath = '' } = service.data?.data.spec ?? {};
  const method = route.methods?.find((one) => one === 'PUT') ?? route.methods?.[0];
  return (
    <Suspense fallback={<Loading />}>
      <Simulator host={hosts?.[0]} method={method} path={samplePath(basePath, route.path)} unsaved={unsaved} />
    </Suspense>
  );
}
