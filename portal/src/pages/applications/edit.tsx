// One application: its keys, and what it may call.
import { useTranslation } from 'react-i18next';
import { ResourcePage } from '../../resources/resource-page';
import { ApplicationFields } from './fields';
import { Keys } from './keys';
import { applicationSpec, applicationValues } from './values';

export default function EditApplication() {
  const { t } = useTranslation();
  return (
    <ResourcePage
      collection="applications"
      title={(spec, id) => spec.name || id}
      deleteText={t('apps.deleteText')}
      toValues={applicationValues}
      toSpec={applicationSpec}
      above={(spec, id) => <Keys application={id} spec={spec} />}
      fields={(editor) => <ApplicationFields form={editor.form} isNew={false} />}
    />
  );
}
