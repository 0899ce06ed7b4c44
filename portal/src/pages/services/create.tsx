// A new service.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { NewResource } from '../../resources/new-resource';
import { Page } from '../../ui/page';
import { ServiceFields } from './fields';
import { serviceSpec, serviceValues } from './values';

const start = serviceValues({}, '');

export default function CreateService() {
  const { t } = useTranslation();
  return (
    <Page title={t('rest.addService')} width="narrow" above={<Link to="/services">{t('nav.services')}</Link>}>
      <NewResource
        collection="services"
        start={start}
        toSpec={serviceSpec}
        fields={(editor) => <ServiceFields form={editor.form} isNew />}
      />
    </Page>
  );
}
