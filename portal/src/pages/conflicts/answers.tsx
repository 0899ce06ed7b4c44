// Which routes answered with 409 and its kin: how many of each, and the way to the requests.
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type ConflictStatus, useConflictAnswers } from '../../api/conflicts';
import { Clip } from '../../ui/clip';
import { type Column, DataTable } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Figure, Figures } from '../../ui/facts';
import { Count } from '../../ui/figures';
import { Loaded } from '../../ui/notes';
import { Rows, Section } from '../../ui/page';
import { type Range, requestQuery } from '../requests/filter';
import { answersByRoute, type RouteAnswers } from './by-route';

export default function Answers({ range, team }: { range: Range; team: string | undefined }) {
  const { t } = useTranslation();
  const from = useMemo(() => requestQuery({ range }, Date.now()).from ?? '', [range]);
  const answers = useConflictAnswers(from, team);
  return (
    <Loaded query={answers}>
      {(samples) =>
        samples.length === 0 ? (
          <Section>
            <Empty title={t('conflicts.noAnswers')}>{t('conflicts.noAnswersText')}</Empty>
          </Section>
        ) : (
          <Rows>
            <Section title={t('conflicts.byStatus')}>
              <Figures>
                {samples.map(({ status, total }) => (
                  <Figure key={status} name={`${status} ${t(`conflicts.statuses.${status}`)}`}>
                    <Link to="/requests" search={{ status: String(status), range }}>
                      <Count value={total} />
                    </Link>
                  </Figure>
                ))}
              </Figures>
            </Section>
            <ByRoute rows={answersByRoute(samples)} statuses={samples.map(({ status }) => status)} />
          </Rows>
        )
      }
    </Loaded>
  );
}

function ByRoute({ rows, statuses }: { rows: RouteAnswers[]; statuses: ConflictStatus[] }) {
  const { t } = useTranslation();
  const columns: Column<RouteAnswers>[] = [
    { key: 'route', head: t('simulate.route'), cell: (row) => <RouteName row={row} /> },
    ...statuses.map((status) => ({
      key: String(status),
      head: String(status),
      figure: true,
      cell: ({ counts }: RouteAnswers) => {
        const found = counts[status];
        if (!found) return <span className="muted">0</span>;
        if (found.atLeast) return t('common.atLeast', { amount: String(found.count) });
        return <Count value={found.count} />;
      },
    })),
  ];
  return (
    <Section title={t('conflicts.byRoute')} lead={t('conflicts.byRouteLead')} flush>
      <DataTable label={t('conflicts.byRoute')} columns={columns} rows={rows} rowKey={(row) => row.route} />
    </Section>
  );
}

function RouteName({ row }: { row: RouteAnswers }) {
  if (!row.known) return <Clip code text={row.route} />;
  return (
    <Link to="/routes/$id" params={{ id: row.route }} className="name-link">
      <Clip code text={row.route} />
    </Link>
  );
}
