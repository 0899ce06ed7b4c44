// A new model route.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { NewResource } from '../../resources/new-resource';
import { Page } from '../../ui/page';
import { RouteFields } from './fields';
import { newTarget, routeFaults, routeSpec, routeValues } from './values';

const start = { ...routeValues({ targets: [] }, ''), targets: [newTarget('')] };

export default function CreateModelRoute() {
  const { t } = useTranslation();
  return (
    <Page
      title={t('routes.add')}
      lead={t('routes.addLead')}
      width="narrow"
      above={<Link to="/model-routes">{t('nav.modelRoutes')}</Link>}
    >
      <NewResource
        collection="model-routes"
        start={start}
        toSpec={routeSpec}
        faults={routeFaults}
        fields={(editor) => <RouteFields form={editor.form} isNew />}
      />
    </Page>
  );
}
