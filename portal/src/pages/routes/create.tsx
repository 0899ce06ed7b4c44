// A new route.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { NewResource } from '../../resources/new-resource';
import { Page } from '../../ui/page';
import { RouteFields } from './fields';
import { routeSpec, routeValues } from './values';

const start = routeValues({ service: '', path: '/' }, '');

export default function CreateRoute() {
  const { t } = useTranslation();
  return (
    <Page title={t('rest.addRoute')} width="narrow" above={<Link to="/routes">{t('nav.routes')}</Link>}>
      <NewResource
        collection="routes"
        start={start}
        toSpec={routeSpec}
        fields={(editor) => <RouteFields form={editor.form} isNew />}
      />
    </Page>
  );
}
