// One request: why it ended as it did, its attempts over time, what it took, everything that is known.
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRequest } from '../../api/insights';
import type { RequestDetail } from '../../api/types';
import { Copyable } from '../../ui/copyable';
import { Time } from '../../ui/figures';
import { Loaded } from '../../ui/notes';
import { Columns, Page, Section } from '../../ui/page';
import { Bodies } from './bodies';
import { Facts, TokenTable } from './facts';
import { OutcomeStatus } from './outcome';
import { Shadows } from './shadows';
import { Waterfall } from './waterfall';
import { Why } from './why';

export default function OneRequest() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/app/requests/$id' });
  const query = useRequest(id);
  const request = query.data;
  return (
    <Page
      title={t('requests.one')}
      above={<Link to="/requests">{t('nav.requests')}</Link>}
      lead={
        <span className="facts">
          <Copyable text={id} />
          {request ? (
            <>
              <Time value={request.at} />
              <OutcomeStatus outcome={request.outcome} status={request.status} />
            </>
          ) : null}
        </span>
      }
    >
      <Loaded query={query}>{(loaded) => <Detail request={loaded} />}</Loaded>
    </Page>
  );
}

function Detail({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  return (
    <>
      <Section title={t('requests.why')}>
        <Why request={request} />
      </Section>
      <Section title={t('requests.timeline')} lead={t('requests.timelineLead')}>
        <Waterfall request={request} />
      </Section>
      <Shadows request={request} />
      <Columns min="20rem">
        <Section title={t('requests.facts')}>
          <Facts request={request} />
        </Section>
        <Section title={t('requests.tokensAndCost')}>
          <TokenTable request={request} />
        </Section>
      </Columns>
      <Bodies request={request} />
    </>
  );
}
