// What shadow targets made of a copy of the request, beside the answer that the caller got.
import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Attempt, RequestDetail } from '../../api/types';
import { Count, Duration, Money } from '../../ui/figures';
import { Section } from '../../ui/page';
import { Status } from '../../ui/status';
import { OutcomeStatus } from './outcome';
import { answered, outputOf, shadowsOf } from './story';

export function Shadows({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  const shadows = shadowsOf(request);
  if (shadows.length === 0) return null;
  const real = answered(request);
  return (
    <Section title={t('requests.shadows.title')} lead={t('requests.shadows.lead')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {(['target', 'result', 'firstByte', 'took', 'output', 'cost', 'said'] as const).map((name) => (
              <Table.Th key={name} scope="col">
                {t(`requests.shadows.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {real ? <Line attempt={real} /> : null}
          {shadows.map((attempt) => (
            <Line key={attempt.number} attempt={attempt} />
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Line({ attempt }: { attempt: Attempt }) {
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <code>{[attempt.provider, attempt.target].filter(Boolean).join('/')}</code>
      </Table.Th>
      <Table.Td>
        <OutcomeStatus outcome={attempt.outcome} status={attempt.status} />
      </Table.Td>
      <Table.Td>
        <Duration us={attempt.first_byte_us} />
      </Table.Td>
      <Table.Td>
        <Duration us={attempt.duration_us} />
      </Table.Td>
      <Table.Td>
        <Count value={outputOf(attempt)} />
      </Table.Td>
      <Table.Td>
        <Money nanos={attempt.cost} />
      </Table.Td>
      <Table.Td>
        <Said attempt={attempt} />
      </Table.Td>
    </Table.Tr>
  );
}

function Said({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation();
  if (!attempt.shadow) return t('requests.shadows.theCallers');
  if (attempt.same_answer === true) return <Status tone="good">{t('requests.shadows.same')}</Status>;
  if (attempt.same_answer === false) return <Status tone="warn">{t('requests.shadows.different')}</Status>;
  return <Status tone="idle">{t('requests.shadows.notCompared')}</Status>;
}
