/** Shared colors of pages, figures and drawings, as CSS custom properties for light and dark pages. */

export interface Theme {
  readonly light: { readonly [name: string]: string };
  readonly dark: { readonly [name: string]: string };
}

export const pageColors = {
  light: {
    page: '#ffffff',
    panel: '#f3f6f9',
    ink: '#1b2733',
    muted: '#5a6775',
    line: '#d5dce4',
    accent: '#0063a8',
    better: '#00734f',
    worse: '#b04a00',
  },
  dark: {
    page: '#0f151d',
    panel: '#18212b',
    ink: '#e8eef4',
    muted: '#9aa8b6',
    line: '#303c49',
    accent: '#6db8f2',
    better: '#3fcf9d',
    worse: '#ff9a5c',
  },
} satisfies Theme;

/** Colors after Okabe and Ito (2008), which most color-blind people can tell apart; lighter ones for dark pages. */
const arms = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b87e00', '#3d9bd4', '#8c6bb1', '#7f7f7f'],
  dark: ['#56b4e9', '#ff8a3d', '#2fd3a2', '#e59ac4', '#f0b429', '#8fd0ff', '#b79ce0', '#b0b0b0'],
};

const numbered = (colors: readonly string[]): { readonly [name: string]: string } =>
  Object.fromEntries(colors.map((color, index) => [`arm${index}`, color]));

export const armColors: Theme = { light: numbered(arms.light), dark: numbered(arms.dark) };

/** The color property of the arm at `index` in its group. The baseline comes first and has the page's text color. */
export function armProperty(index: number): string {
  return index === 0 ? '--ink' : `--arm${(index - 1) % arms.light.length}`;
}

/** CSS rules that set a theme's colors (`--page` and so on) for a selector. */
export function themeRules(selector: string, ...themes: readonly Theme[]): string[] {
  const properties = (kind: keyof Theme): string =>
    themes
      .flatMap((theme) => Object.entries(theme[kind]))
      .map(([name, color]) => `--${name}:${color}`)
      .join(';');
  return [
    `${selector}{${properties('light')}}`,
    `@media(prefers-color-scheme:dark){${selector}{${properties('dark')}}}`,
  ];
}
