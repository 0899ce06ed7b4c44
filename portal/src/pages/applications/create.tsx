// A new application.
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ResourceFrame } from '../../forms/resource-frame';
import { useResourceForm } from '../../forms/use-resource-form';
import { sayDone } from '../../ui/notes';
import { Page } from '../../ui/page';
import { ApplicationFields } from './fields';
import { applicationSpec, applicationValues } from './values';

const start = applicationValues({ models: ['*'], services: [] }, '');

export default function CreateApplication() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const editor = useResourceForm({
    collection: 'applications',
    start,
    toValues: applicationValues,
    toSpec: applicationSpec,
    newId: (values) => values.id.trim(),
    onSaved: (saved) => {
      sayDone(t('common.created', { name: saved.id }));
      void navigate({ to: '/applications/$id', params: { id: saved.id } });
    },
  });
  return (
    <Page
      title={t('apps.add')}
      lead={t('apps.addLead')}
      width="narrow"
      above={<Link to="/applications">{t('nav.applications')}</Link>}
    >
      <ResourceFrame editor={editor} kind="Application" id={editor.form.getValues().id}>
        <ApplicationFields form={editor.form} isNew />
      </ResourceFrame>
    </Page>
  );
}
