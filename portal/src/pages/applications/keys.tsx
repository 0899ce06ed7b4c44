// The keys of an application: what is known of each, making one, revoking one.
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRevokeKey } from '../../api/gateway';
import { useUsage } from '../../api/insights';
import { useResourceList } from '../../api/resources';
import type { ApiKey, Application, Resource } from '../../api/types';
import { Clip } from '../../ui/clip';
import { ConfirmByName } from '../../ui/confirm';
import { Copyable } from '../../ui/copyable';
import type { Column } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Cost, Count, Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { sayDone } from '../../ui/notes';
import { Section } from '../../ui/page';
import { PagedTable } from '../../ui/paged-table';
import { Status } from '../../ui/status';
import { keyState } from './key-state';
import { MakeKey } from './make-key';

type Key = Resource<ApiKey>;

/** The last thirty days, up to a full hour so that the question stays the same for that long. */
function thirtyDays(): string {
  const hour = 3_600_000;
  return new Date(Math.floor(Date.now() / hour) * hour - 30 * 24 * hour).toISOString();
}

export function Keys({ application, spec }: { application: string; spec: Application }) {
  const { t } = useTranslation();
  const list = useResourceList('api-keys', { application });
  const usage = useUsage({ from: thirtyDays(), group_by: 'key', application });
  const [making, { open, close }] = useDisclosure(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const byKey = new Map((usage.data?.rows ?? []).map((row) => [row.group, row]));
  const columns: Column<Key>[] = [
    { key: 'name', head: t('common.name'), cell: (row) => <Clip text={row.spec.name || t('apps.unnamedKey')} /> },
    { key: 'id', head: t('apps.publicId'), cell: (row) => <Copyable text={row.id} /> },
    { key: 'state', head: t('apps.state'), cell: (row) => <KeyState spec={row.spec} /> },
    {
      key: 'expires',
      head: t('apps.expires'),
      cell: (row) => (row.spec.expires_at ? <Time value={row.spec.expires_at} as="day" /> : t('apps.never')),
    },
    { key: 'made', head: t('apps.made'), cell: (row) => <Time value={row.created_at} as="relative" /> },
    {
      key: 'requests',
      head: t('apps.requests30d'),
      figure: true,
      cell: (row) => <Count value={byKey.get(row.id)?.requests ?? 0} compact />,
    },
    {
      key: 'cost',
      head: t('apps.cost30d'),
      figure: true,
      cell: (row) => <Cost nanos={byKey.get(row.id)?.cost ?? 0} unpriced={byKey.get(row.id)?.unpriced ?? 0} />,
    },
    {
      key: 'revoke',
      head: t('common.actions'),
      headHidden: true,
      figure: true,
      cell: (row) =>
        row.spec.revoked ? null : (
          <Button size="compact-sm" variant="default" onClick={() => setRevoking(row)}>
            {t('apps.revoke')}
          </Button>
        ),
    },
  ];
  const make = (
    <Button size="xs" leftSection={<Icon name="key" size={16} />} onClick={open}>
      {t('apps.makeKey')}
    </Button>
  );
  return (
    <Section title={t('apps.keys')} lead={t('apps.keysLead')} actions={make} flush>
      <PagedTable
        list={list}
        label={t('apps.keys')}
        columns={columns}
        rowKey={(row) => row.id}
        pick={(keys) => keys.filter((key) => key.spec.application === application)}
        empty={<Empty title={t('apps.noKeysTitle')}>{t('apps.noKeysText')}</Empty>}
        counted={false}
      />
      {making ? <MakeKey application={application} spec={spec} onClose={close} /> : null}
      {revoking ? (
        <Revoke row={revoking} requests={byKey.get(revoking.id)?.requests ?? 0} onClose={() => setRevoking(null)} />
      ) : null}
    </Section>
  );
}

function KeyState({ spec }: { spec: ApiKey }) {
  const { t } = useTranslation();
  const state = keyState(spec, Date.now());
  const tone = { active: 'good', expiring: 'warn', expired: 'idle', revoked: 'bad' } as const;
  return <Status tone={tone[state]}>{t(`apps.states.${state}`)}</Status>;
}

function Revoke({ row, requests, onClose }: { row: Key; requests: number; onClose: () => void }) {
  const { t } = useTranslation();
  const revoke = useRevokeKey();
  const name = row.spec.name || row.id;
  const run = async () => {
    await revoke.mutateAsync(row.id);
    sayDone(t('apps.revoked', { name }));
  };
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={t('apps.revokeTitle', { name })}
      name={name}
      action={t('apps.revoke')}
      run={run}
    >
      <p>{t('apps.revokeText')}</p>
      <p>{requests > 0 ? t('apps.revokeUsed', { count: requests }) : t('apps.revokeUnused')}</p>
    </ConfirmByName>
  );
}
