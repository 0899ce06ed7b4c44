// Everything that the ledger knows of a request.
import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { buckets } from '../../api/buckets';
import { known, type RequestDetail, usageSources } from '../../api/types';
import { Copyable } from '../../ui/copyable';
import { Fact, FactList } from '../../ui/facts';
import { Bytes, Count, Estimated, Money } from '../../ui/figures';
import classes from './facts.module.css';
import { answered } from './story';

export function Facts({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  const { application, key } = request;
  const optional = (name: string, value: string | null | undefined) =>
    value ? (
      <Fact name={name}>
        <code>{value}</code>
      </Fact>
    ) : null;
  return (
    <FactList>
      <Fact name={t('requests.call')}>
        <code>
          {request.method} {request.path}
        </code>
      </Fact>
      {application ? (
        <Fact name={t('requests.fields.application')}>
          <Link to="/applications/$id" params={{ id: application }}>
            {application}
          </Link>
        </Fact>
      ) : null}
      {key ? (
        <Fact name={t('requests.fields.key')}>
          <Copyable text={key} />
        </Fact>
      ) : null}
      {optional(t('common.team'), request.team)}
      {optional(t('requests.fields.model'), request.model || request.asked_model)}
      {request.provider ? (
        <Fact name={t('requests.answeredBy')}>
          <Link to="/providers/$id" params={{ id: request.provider }}>
            <code>{[request.provider, request.upstream_model].filter(Boolean).join('/')}</code>
          </Link>
        </Fact>
      ) : null}
      {optional(t('requests.service'), request.service)}
      {optional(t('requests.route'), request.route)}
      {optional(t('requests.dialect'), request.dialect)}
      {request.model ? (
        <Fact name={t('requests.streamed')}>{t(request.stream ? 'common.yes' : 'common.no')}</Fact>
      ) : null}
      {optional(t('requests.error'), request.error)}
      {optional(t('requests.dropped'), request.dropped?.join(', '))}
      <Fact name={t('requests.requestSize')}>
        <Bytes value={request.request_bytes} />
      </Fact>
      <Fact name={t('requests.responseSize')}>
        <Bytes value={request.response_bytes} />
      </Fact>
      {optional(t('requests.node'), request.node)}
    </FactList>
  );
}

export function TokenTable({ request }: { request: RequestDetail }) {
  const { t } = useTranslation();
  const { tokens, source } = request.usage;
  const used = buckets.filter((bucket) => tokens[bucket.tokens] > 0);
  const price = answered(request)?.price;
  return (
    <>
      <Table className={classes.tokens}>
        <Table.Tbody>
          {used.map((bucket) => (
            <Table.Tr key={bucket.rate}>
              <Table.Th scope="row">{t(`buckets.${bucket.rate}`)}</Table.Th>
              <Table.Td>
                <Estimated by={source}>
                  <Count value={tokens[bucket.tokens]} />
                </Estimated>
              </Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Th scope="row">{t('usage.cost')}</Table.Th>
            <Table.Td data-testid="request-cost">
              <strong>
                <Estimated by={source}>
                  <Money nanos={request.cost} />
                </Estimated>
              </strong>
            </Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
      <p className="small muted">
        {t(`requests.sources.${known(usageSources, source) ?? 'none'}`)}{' '}
        {price ? t('requests.priceRow', { price }) : null}
      </p>
    </>
  );
}
