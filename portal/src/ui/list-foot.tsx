// The end of a list: how many rows are shown, and the next page where there is one.
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './list-foot.module.css';

interface ListFootProps {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  count: number;
}

export function ListFoot({ list, count }: ListFootProps) {
  const { t } = useTranslation();
  return (
    <div className={classes.foot}>
      <span className="muted small">{t(list.hasNextPage ? 'common.shownSoFar' : 'common.shownAll', { count })}</span>
      {list.hasNextPage ? (
        <Button size="xs" variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('common.more')}
        </Button>
      ) : null}
    </div>
  );
}
