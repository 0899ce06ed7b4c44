// The visual language as data: palette, one type scale, one spacing scale. README.md says what each is for.
import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
} from '@mantine/core';

/** Water under trees: the one accent, for what can be acted on. */
const weir: MantineColorsTuple = [
  '#e8f4f3',
  '#d0e8e6',
  '#a6d2cf',
  '#7abbb8',
  '#55a6a5',
  '#348b8c',
  '#1e7375',
  '#135c60',
  '#0d484d',
  '#083538',
];

/** Wet stone: surfaces and lines in light, from the river bank. */
const stone: MantineColorsTuple = [
  '#f7f6f2',
  '#efede6',
  '#e3e0d6',
  '#d2cec1',
  '#a9a69a',
  '#7d7d74',
  '#5a5e5b',
  '#414846',
  '#2b3332',
  '#182120',
];

/** Night water: surfaces in dark. Indexed as the library expects: 0 is the lightest text, 9 the deepest ground. */
const dark: MantineColorsTuple = [
  '#e3ebea',
  '#c3d0cf',
  '#a3b3b2',
  '#7f9190',
  '#3c4d4e',
  '#2c3b3d',
  '#1b282a',
  '#131e20',
  '#0e1719',
  '#0a1113',
];

const moss: MantineColorsTuple = [
  '#edf5ea',
  '#dbebd5',
  '#b6d6ab',
  '#8fbf80',
  '#6fa95e',
  '#55913f',
  '#3d772c',
  '#2f6322',
  '#234d19',
  '#183810',
];
const amber: MantineColorsTuple = [
  '#fdf4e1',
  '#fae6bd',
  '#f3cd80',
  '#eab449',
  '#dc9c20',
  '#b97d0c',
  '#935f00',
  '#784d00',
  '#5d3b00',
  '#422a00',
];
const brick: MantineColorsTuple = [
  '#fdeeeb',
  '#fad9d3',
  '#f3b1a6',
  '#ea8878',
  '#e0644f',
  '#cc4631',
  '#ae3221',
  '#8f281a',
  '#701f14',
  '#52160d',
];

/** What is offered below a field belongs to the field's place in the page, and scrolls as a list box (base.css). */
const offers = { comboboxProps: { withinPortal: false }, withScrollArea: false };

export const theme = createTheme({
  primaryColor: 'weir',
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  colors: { weir, stone, dark, moss, amber, brick, red: brick, green: moss, yellow: amber, gray: stone, teal: weir },
  fontFamily: "'IBM Plex Sans', system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', sans-serif",
  fontFamilyMonospace: "'IBM Plex Mono', ui-monospace, Consolas, monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.9375rem', lg: '1.0625rem', xl: '1.3125rem' },
  lineHeights: { xs: '1.35', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.3' },
  spacing: { xs: '0.25rem', sm: '0.5rem', md: '1rem', lg: '1.5rem', xl: '2.5rem' },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.625rem', lineHeight: '1.2' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.35' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
    },
  },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  // The library decides the letters on a filled button by the light theme's shade; in dark the accent is light.
  variantColorResolver: (input) => {
    const colours = defaultVariantColorsResolver(input);
    const accent = !input.color || input.color === 'weir';
    return input.variant === 'filled' && accent ? { ...colours, color: 'var(--w-on-accent)' } : colours;
  },
  // Plain objects and not `Modal.extend(…)`: that would pull each of these into the first load.
  components: {
    Checkbox: { defaultProps: { iconColor: 'var(--w-on-accent)' } },
    // Locking the page's scroll is done in base.css: the library would add an inline style element for it.
    Modal: { defaultProps: { lockScroll: false, centered: true, radius: 'md', padding: 'lg' } },
    Drawer: { defaultProps: { lockScroll: false } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true } } },
    Popover: { defaultProps: { shadow: 'md' } },
    Menu: { defaultProps: { shadow: 'md' } },
    Select: { defaultProps: { ...offers, allowDeselect: false, checkIconPosition: 'right' } },
    Autocomplete: { defaultProps: offers },
    TagsInput: { defaultProps: offers },
    Table: { defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm', fz: 'sm' } },
  },
});

/** The library's own variables, set to colours that keep 4.5 : 1 on every surface they are used on. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': 'var(--w-ground)',
    '--mantine-color-text': 'var(--w-ink)',
    '--mantine-color-dimmed': 'var(--w-ink-2)',
    '--mantine-color-placeholder': '#6a6f6b',
    '--mantine-color-error': 'var(--w-bad)',
    '--mantine-color-anchor': 'var(--w-link)',
    '--mantine-color-default': 'var(--w-surface)',
    '--mantine-color-default-hover': 'var(--w-sunken)',
    '--mantine-color-default-border': 'var(--w-line-2)',
    '--mantine-color-default-color': 'var(--w-ink)',
    '--mantine-color-disabled-color': '#6a6f6b',
    '--mantine-color-disabled': 'var(--w-sunken)',
  },
  dark: {
    '--mantine-color-body': 'var(--w-ground)',
    '--mantine-color-text': 'var(--w-ink)',
    '--mantine-color-dimmed': 'var(--w-ink-2)',
    '--mantine-color-placeholder': '#8b9d9c',
    '--mantine-color-error': 'var(--w-bad)',
    '--mantine-color-anchor': 'var(--w-link)',
    '--mantine-color-default': 'var(--w-surface)',
    '--mantine-color-default-hover': 'var(--w-sunken)',
    '--mantine-color-default-border': 'var(--w-line-2)',
    '--mantine-color-default-color': 'var(--w-ink)',
    '--mantine-color-disabled-color': '#8b9d9c',
    '--mantine-color-disabled': 'var(--w-sunken)',
    // A red that stays dark under light letters.
    '--mantine-color-brick-filled': '#ae3221',
    '--mantine-color-brick-filled-hover': '#c03a28',
  },
});
