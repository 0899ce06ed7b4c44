// One model of the catalogue: what it is for, what it can do, and every rate that is known of it.
import { Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CatalogModel, CatalogPrice } from '../../api/types';
import { ButtonLink } from '../../ui/button-link';
import { Fact, FactList } from '../../ui/facts';
import { Count } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { Bar, Rows } from '../../ui/page';
import { Abilities } from './abilities';
import classes from './catalog.module.css';
import { priceRow, type RateGroup, rateGroups } from './price';

interface ModelDialogProps {
  model: CatalogModel;
  today: string;
  onClose: () => void;
}

export function ModelDialog({ model, today, onClose }: ModelDialogProps) {
  const { t } = useTranslation();
  const price = priceRow(model, today);
  const later = (model.prices ?? []).filter((one) => one.effective_from > today);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={
        <code className={classes.title}>
          {model.provider}/{model.id}
        </code>
      }
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Rows>
        <Abilities model={model} />
        <FactList>
          <Fact name={t('catalog.modality')}>
            {model.modality ? t(`catalog.modalities.${model.modality}`) : t('common.unknown')}
          </Fact>
          <Fact name={t('catalog.context')}>
            {model.context ? <Count value={model.context} /> : t('common.unknown')}
          </Fact>
          <Fact name={t('catalog.most')}>
            {model.max_output_tokens ? <Count value={model.max_output_tokens} /> : t('common.unknown')}
          </Fact>
          {model.deprecated_on ? <Fact name={t('catalog.ends')}>{model.deprecated_on}</Fact> : null}
        </FactList>
        {price ? <Price price={price} /> : <p>{t('catalog.noPrice')}</p>}
        {later.map((one) => (
          <Price key={one.effective_from} price={one} />
        ))}
        <Bar end>
          <ButtonLink
            to="/providers/new"
            search={{ from: model.provider }}
            variant="default"
            leftSection={<Icon name="plus" size={16} />}
          >
            {t('catalog.add', { provider: model.provider })}
          </ButtonLink>
        </Bar>
      </Rows>
    </Modal>
  );
}

function Price({ price }: { price: CatalogPrice }) {
  const { t } = useTranslation();
  const { multipliers } = price;
  const times = (['fast', 'us', 'eu', 'regional'] as const).flatMap((name) =>
    multipliers?.[name] ? [{ name, by: multipliers[name] }] : [],
  );
  return (
    <section aria-label={t('catalog.priceFrom', { date: price.effective_from })}>
      {rateGroups(price).map((group) => (
        <Rates key={`${group.tier} ${group.above}`} group={group} />
      ))}
      {times.map(({ name, by }) => (
        <p key={name} className="small">
          {t(`catalog.multipliers.${name}`, { by })}
        </p>
      ))}
      <p className="muted small">
        {t('catalog.priceFrom', { date: price.effective_from })} <Source source={price.source} />
      </p>
    </section>
  );
}

function Source({ source }: { source: string }) {
  if (!/^https:\/\//.test(source)) return <span>{source}</span>;
  return (
    <a href={source} target="_blank" rel="noreferrer" className={classes.source}>
      {source}
    </a>
  );
}

function Rates({ group: { tier, above, tokens, units } }: { group: RateGroup }) {
  const { t } = useTranslation();
  const when = [
    tier ? t('catalog.inTier', { tier }) : t('catalog.standard'),
    above === null ? '' : t('catalog.above', { count: above }),
  ];
  return (
    <Table className={classes.rates}>
      <Table.Caption>{when.filter(Boolean).join(', ')}</Table.Caption>
      <Table.Tbody>
        {tokens.map(({ rate, dollars }) => (
          <Table.Tr key={rate}>
            <Table.Th scope="row">{t(`buckets.${rate}`)}</Table.Th>
            <Table.Td>{t('catalog.perMillion', { price: `$${dollars}` })}</Table.Td>
          </Table.Tr>
        ))}
        {units.map(({ unit, dollars, of }) => (
          <Table.Tr key={`${unit} ${of}`}>
            <Table.Th scope="row">{[t(`catalog.units.${unit}`), of].filter(Boolean).join(', ')}</Table.Th>
            <Table.Td>${dollars}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
