// Light or dark, English or Chinese.
import { ActionIcon, NativeSelect, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, currentLanguage, type Language, languages } from '../i18n';
import { Icon } from '../ui/icons';
import { Bar } from '../ui/page';
import classes from './preferences.module.css';

export function Preferences() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  const name = t(other === 'dark' ? 'nav.toDark' : 'nav.toLight');
  return (
    <Bar>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        onClick={() => setColorScheme(other)}
        aria-label={name}
        title={name}
      >
        <Icon name={other === 'dark' ? 'moon' : 'sun'} />
      </ActionIcon>
      <NativeSelect
        aria-label={t('nav.language')}
        classNames={{ input: classes.language }}
        variant="unstyled"
        size="xs"
        leftSection={<Icon name="language" />}
        value={currentLanguage()}
        onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
      />
    </Bar>
  );
}
