// Builds the portal into dist/: every file comes from the same origin, nothing is inlined.
import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { cssVariables, theme } from './src/theme/theme.ts';

/**
 * The theme's CSS variables as a file. The component library would otherwise put them into the page as an
 * inline style element, which the Content-Security-Policy (`style-src 'self'`) refuses.
 */
function themeVariables(): Plugin {
  const id = 'virtual:theme-variables.css';
  return {
    name: 'theme-variables',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(resolved) {
      if (resolved !== `\0${id}`) return undefined;
      const merged = mergeMantineTheme(DEFAULT_THEME, theme);
      const base = defaultCssVariablesResolver(merged);
      const own = cssVariables(merged);
      const all = {
        variables: { ...base.variables, ...own.variables },
        light: { ...base.light, ...own.light },
        dark: { ...base.dark, ...own.dark },
      };
      return convertCssVariables(all, ':root');
    },
  };
}

const adminApi = process.env['WEIR_ADMIN_URL'] ?? 'http://127.0.0.1:8081';

export default defineConfig({
  plugins: [react(), themeVariables()],
  build: {
    target: 'es2023',
    // A data: address would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      output: {
        // What every page needs comes in one file; many small ones cost more in headers than they save.
        codeSplitting: {
          groups: [
            {
              name: 'framework',
              test: /node_modules[\\/](react|react-dom|scheduler|@tanstack|i18next|react-i18next)[\\/]/,
            },
            // What floats beside a button or a field. By itself, so that what shares other parts with it does not bring it.
            { name: 'floating', test: /node_modules[\\/]@floating-ui[\\/]/ },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': adminApi } },
  preview: { proxy: { '/api': adminApi } },
  test: { include: ['src/**/*.test.ts', 'scripts/*.test.mjs'] },
} as Parameters<typeof defineConfig>[0]);
