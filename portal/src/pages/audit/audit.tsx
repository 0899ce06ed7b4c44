// Who changed what, newest first.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAudit } from '../../api/insights';
import type { AuditEntry } from '../../api/types';
import { collectionOf, kinds } from '../../resources/kinds';
import { ChangeView } from '../../ui/change-view';
import { Clip } from '../../ui/clip';
import { Copyable } from '../../ui/copyable';
import type { Column } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Time } from '../../ui/figures';
import { Page, Section } from '../../ui/page';
import { PagedTable } from '../../ui/paged-table';

export default function Audit() {
  const { t } = useTranslation();
  const list = useAudit();
  const columns: Column<AuditEntry>[] = [
    { key: 'at', head: t('audit.at'), cell: (row) => <Time value={row.at} /> },
    { key: 'actor', head: t('audit.actor'), cell: (row) => <code>{row.actor}</code> },
    { key: 'action', head: t('audit.action'), cell: (row) => <code>{row.action}</code> },
    {
      key: 'what',
      head: t('audit.what'),
      cell: (row) => <What entry={row} />,
    },
    { key: 'change', head: t('audit.change'), cell: (row) => <ChangeView before={row.before} after={row.after} /> },
  ];
  return (
    <Page title={t('nav.audit')} lead={t('audit.lead')}>
      <Section flush>
        <PagedTable
          list={list}
          label={t('nav.audit')}
          columns={columns}
          rowKey={(row) => String(row.seq)}
          empty={<Empty title={t('audit.emptyTitle')}>{t('audit.emptyText')}</Empty>}
        />
      </Section>
    </Page>
  );
}

/** What was changed; it leads to its page where it has one and was not deleted just then. */
function What({ entry: { kind, id, action } }: { entry: AuditEntry }) {
  const name = [kind, id].filter(Boolean).join('/');
  const collection = collectionOf(kind ?? '');
  if (!collection || !id || action === 'delete') return <Copyable text={name} />;
  return (
    <Link to={kinds[collection].one} params={{ id }} search={{ tab: 'history' }} className="name-link">
      <Clip code text={name} />
    </Link>
  );
}
