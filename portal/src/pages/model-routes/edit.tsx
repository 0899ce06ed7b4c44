// One model route: how its targets stand, its fields, and a way to call it.
import { useTranslation } from 'react-i18next';
import { ResourcePage } from '../../resources/resource-page';
import { ButtonLink } from '../../ui/button-link';
import { Icon } from '../../ui/icons';
import { RouteFields } from './fields';
import { Pool } from './pool';
import { routeFaults, routeSpec, routeValues } from './values';

export default function EditModelRoute() {
  const { t } = useTranslation();
  return (
    <ResourcePage
      collection="model-routes"
      title={(spec, id) => spec.model ?? id}
      deleteText={t('routes.deleteText')}
      toValues={routeValues}
      toSpec={routeSpec}
      faults={routeFaults}
      actions={(spec, id) => (
        <ButtonLink
          to="/playground"
          search={{ model: spec.model ?? id }}
          variant="default"
          leftSection={<Icon name="playground" size={16} />}
        >
          {t('routes.tryIt')}
        </ButtonLink>
      )}
      above={(_, id) => <Pool route={id} />}
      fields={(editor) => <RouteFields form={editor.form} isNew={false} />}
    />
  );
}
