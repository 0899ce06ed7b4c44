// Light or dark, English or Chinese.
import { ActionIcon, Button, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, currentLanguage, type Language, languages } from '../i18n';
import { Icon } from '../ui/icons';
import { Bar } from '../ui/page';

export function Preferences() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  const name = t(other === 'dark' ? 'nav.toDark' : 'nav.toLight');
  return (
    <Bar>
      <Tooltip label={name}>
        <ActionIcon variant="subtle" color="gray" size="lg" onClick={() => setColorScheme(other)} aria-label={name}>
          <Icon name={other === 'dark' ? 'moon' : 'sun'} />
        </ActionIcon>
      </Tooltip>
      <Menu>
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<Icon name="language" />}
            aria-label={t('nav.language')}
          >
            {languages[currentLanguage()]}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {Object.entries(languages).map(([code, label]) => (
            <Menu.Item key={code} lang={code} onClick={() => void chooseLanguage(code as Language)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Bar>
  );
}
