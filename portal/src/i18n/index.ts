// Picks the reader's language and loads its messages; English is always there to fall back on.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from '../messages/en.json';

export const languages = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof languages;

const storageKey = 'weir-language';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
    returnNull: false;
  }
}

function preferred(): Language {
  const stored = localStorage.getItem(storageKey);
  if (stored === 'en' || stored === 'zh') return stored;
  return navigator.languages.some((l) => l.startsWith('zh')) && !navigator.language.startsWith('en') ? 'zh' : 'en';
}

async function load(language: Language) {
  if (language === 'en' || i18next.hasResourceBundle(language, 'translation')) return;
  const { default: zh } = await import('../messages/zh.json');
  i18next.addResourceBundle('zh', 'translation', zh);
}

/** Must have ended before the first page is shown. */
export async function startMessages() {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    showSupportNotice: false,
    resources: { en: { translation: en } },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });
  await setLanguage(preferred());
}

export async function setLanguage(language: Language) {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

/** Changes the language and keeps the choice on this device. */
export async function chooseLanguage(language: Language) {
  localStorage.setItem(storageKey, language);
  await setLanguage(language);
}

export function currentLanguage(): Language {
  return i18next.language === 'zh' ? 'zh' : 'en';
}
