// One team: what the request log keeps of its bodies, and the way to erase what it has kept.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEraseBodiesOfTeam } from '../../api/bodies';
import { ResourcePage } from '../../resources/resource-page';
import { ConfirmByName } from '../../ui/confirm';
import { sayDone } from '../../ui/notes';
import { TeamFields } from './fields';
import { teamSpec, teamValues } from './values';

export default function EditTeam() {
  const { t } = useTranslation();
  return (
    <ResourcePage
      collection="teams"
      title={(spec, id) => spec.name || id}
      deleteText={t('teams.deleteText')}
      toValues={teamValues}
      toSpec={teamSpec}
      actions={(_, id) => <EraseBodies team={id} />}
      fields={(editor) => <TeamFields form={editor.form} isNew={false} />}
    />
  );
}

function EraseBodies({ team }: { team: string }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const erase = useEraseBodiesOfTeam(team);
  const run = async () => sayDone(t('teams.erased', { count: await erase.mutateAsync() }));
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t('teams.erase')}
      </Button>
      <ConfirmByName
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('teams.eraseTitle', { team })}
        name={team}
        action={t('teams.erase')}
        run={run}
      >
        <p>{t('teams.eraseText')}</p>
      </ConfirmByName>
    </>
  );
}
