// A new model route.
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ResourceFrame } from '../../forms/resource-frame';
import { useResourceForm } from '../../forms/use-resource-form';
import { sayDone } from '../../ui/notes';
import { Page } from '../../ui/page';
import { RouteFields } from './fields';
import { routeSpec, routeValues } from './values';

const start = routeValues({ targets: [{ provider: '', model: '' }] }, '');

export default function CreateModelRoute() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const editor = useResourceForm({
    collection: 'model-routes',
    start,
    toValues: routeValues,
    toSpec: routeSpec,
    newId: (values) => values.id.trim(),
    onSaved: (saved) => {
      sayDone(t('common.created', { name: saved.id }));
      void navigate({ to: '/model-routes/$id', params: { id: saved.id } });
    },
  });
  return (
    <Page
      title={t('routes.add')}
      lead={t('routes.addLead')}
      width="narrow"
      above={<Link to="/model-routes">{t('nav.modelRoutes')}</Link>}
    >
      <ResourceFrame editor={editor} kind="ModelRoute" id={editor.form.getValues().id}>
        <RouteFields form={editor.form} isNew />
      </ResourceFrame>
    </Page>
  );
}
