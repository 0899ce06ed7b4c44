// The locale for numbers and dates: the chosen language.
import { useTranslation } from 'react-i18next';

export function useLocale(): string {
  const { i18n } = useTranslation();
  return i18n.language === 'zh' ? 'zh-CN' : 'en';
}
