// A new team.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { NewResource } from '../../resources/new-resource';
import { Page } from '../../ui/page';
import { TeamFields } from './fields';
import { teamSpec, teamValues } from './values';

const start = teamValues({}, '');

export default function CreateTeam() {
  const { t } = useTranslation();
  return (
    <Page
      title={t('teams.add')}
      lead={t('teams.lead')}
      width="narrow"
      above={<Link to="/teams">{t('nav.teams')}</Link>}
    >
      <NewResource
        collection="teams"
        start={start}
        toSpec={teamSpec}
        fields={(editor) => <TeamFields form={editor.form} isNew />}
      />
    </Page>
  );
}
