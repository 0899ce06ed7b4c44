// A new application.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { NewResource } from '../../resources/new-resource';
import { Page } from '../../ui/page';
import { ApplicationFields } from './fields';
import { applicationSpec, applicationValues } from './values';

const start = applicationValues({ models: ['*'], services: [] }, '');

export default function CreateApplication() {
  const { t } = useTranslation();
  return (
    <Page
      title={t('apps.add')}
      lead={t('apps.addLead')}
      width="narrow"
      above={<Link to="/applications">{t('nav.applications')}</Link>}
    >
      <NewResource
        collection="applications"
        start={start}
        toSpec={applicationSpec}
        fields={(editor) => <ApplicationFields form={editor.form} isNew />}
      />
    </Page>
  );
}
