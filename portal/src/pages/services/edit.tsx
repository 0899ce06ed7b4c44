// One service: its fields, its conflict policy, and what that does to a request.
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { ResourcePage } from '../../resources/resource-page';
import { Loading } from '../../ui/notes';
import { ServiceFields } from './fields';
import { serviceSpec, serviceValues } from './values';

const Simulator = lazy(() => import('../../conflict/simulator'));

export default function EditService() {
  const { t } = useTranslation();
  return (
    <ResourcePage
      collection="services"
      title={(spec, id) => spec.name || id}
      deleteText={t('rest.deleteService')}
      toValues={serviceValues}
      toSpec={serviceSpec}
      fields={(editor) => <ServiceFields form={editor.form} isNew={false} />}
      beside={(spec, _, editor) => (
        <Suspense fallback={<Loading />}>
          <Simulator host={spec.hosts?.[0]} path={`${spec.base_path ?? ''}/`} unsaved={editor.form.isDirty()} />
        </Suspense>
      )}
    />
  );
}
