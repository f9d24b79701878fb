/**
 * Colors and fonts of a drawing, for light and dark pages. The light colors are attributes, which every renderer knows; a
 * style sheet overrides them on dark pages. Renderers without media queries or CSS variables ignore it.
 */

import { pageColors, type Theme } from '../base/colors.js';

/** The page's colors that a drawing uses. */
function shared(kind: keyof Theme) {
  const { page, panel, line: edge, ink, muted } = pageColors[kind];
  return { page, panel, edge, ink, muted };
}

const light = {
  ...shared('light'),
  wire: '#7c8895',
  point: '#e4effd',
  conv: '#b9d4f8',
  convEdge: '#4a80c9',
  depth: '#c9ede3',
  depthEdge: '#2f917b',
  pool: '#fbe7bf',
  poolEdge: '#b98522',
  full: '#e6d9f9',
  fullEdge: '#8462c4',
  mark: '#e2542a',
};

const dark: { readonly [K in keyof typeof light]: string } = {
  ...shared('dark'),
  wire: '#7f8d9b',
  point: '#1b2d47',
  conv: '#27508a',
  convEdge: '#6f9fe2',
  depth: '#15443a',
  depthEdge: '#47ad96',
  pool: '#46371a',
  poolEdge: '#c79a45',
  full: '#3a2c55',
  fullEdge: '#a68be0',
  mark: '#ff7b4f',
};

type Ink = keyof typeof light;

interface Look {
  readonly fill?: Ink | 'none';
  readonly stroke?: Ink;
  /** Attributes that are the same on light and dark pages. */
  readonly plain?: string;
}

/** The look of each kind of element. Names are short because they occur very often. */
const looks = {
  /** Text: plain, small, caption, note, section's title, section's shape, drawing's title, number on a badge. */
  t: {},
  u: { plain: 'font-size="9"' },
  v: { fill: 'muted', plain: 'font-size="9"' },
  w: { fill: 'muted' },
  y: { plain: 'font-size="12" font-weight="600"' },
  r: { fill: 'muted', plain: 'font-size="10"' },
  h1: { plain: 'font-size="18" font-weight="700"' },
  bt: { fill: 'page', plain: 'font-weight="700"' },
  /** The background, a section's frame, a card, a group of cards, a badge. */
  bg: { fill: 'page' },
  fr: { fill: 'panel', stroke: 'edge' },
  ca: { fill: 'page', stroke: 'edge' },
  gr: { fill: 'none', stroke: 'muted', plain: 'stroke-dasharray="4 3"' },
  ba: { fill: 'ink' },
  /** Flow lines and their arrowheads. */
  l: { fill: 'none', stroke: 'wire', plain: 'stroke-width="1.4"' },
  a: { fill: 'wire' },
  /** Boxes: pointwise, convolution, depthwise, pool, fully connected, input, anything else. */
  p: { fill: 'point', stroke: 'convEdge', plain: 'stroke-width="1.1"' },
  c: { fill: 'conv', stroke: 'convEdge', plain: 'stroke-width="1.1"' },
  d: { fill: 'depth', stroke: 'depthEdge', plain: 'stroke-width="1.1"' },
  q: { fill: 'pool', stroke: 'poolEdge', plain: 'stroke-width="1.1"' },
  f: { fill: 'full', stroke: 'fullEdge', plain: 'stroke-width="1.1"' },
  i: { fill: 'page', stroke: 'ink', plain: 'stroke-width="1.1"' },
  n: { fill: 'page', stroke: 'wire', plain: 'stroke-width="1.1"' },
  /** A norm within a box, and one that stands alone. */
  g: { fill: 'none', stroke: 'convEdge', plain: 'stroke-width="1.4" opacity=".75"' },
  z: { fill: 'convEdge' },
  /** Activations: kept, dropped, not counted. */
  k: { fill: 'mark', stroke: 'mark', plain: 'stroke-width="1.6"' },
  o: { fill: 'page', stroke: 'mark', plain: 'stroke-width="1.6"' },
  x: { fill: 'muted', stroke: 'muted', plain: 'stroke-width="1.2"' },
  /** A junction and its sign. */
  j: { fill: 'page', stroke: 'ink', plain: 'stroke-width="1.2"' },
  h: { fill: 'none', stroke: 'ink', plain: 'stroke-width="1.3"' },
} satisfies { readonly [name: string]: Look };

export type LookName = keyof typeof looks;

const attributeTexts = new Map(Object.entries(looks).map(([name, each]) => [name, attributesOf(name, each)]));

function attributesOf(name: string, { fill, stroke, plain }: Look): string {
  const colored = fill !== undefined || stroke !== undefined;
  return [
    ...(colored ? [`class="${name}"`] : []),
    ...(fill === undefined ? [] : [`fill="${fill === 'none' ? 'none' : light[fill]}"`]),
    ...(stroke === undefined ? [] : [`stroke="${light[stroke]}"`]),
    ...(plain === undefined ? [] : [plain]),
  ]
    .map((attribute) => ` ${attribute}`)
    .join('');
}

/** The attributes of an element, each preceded by a space: ` class="c" fill="#b9d4f8" stroke="#4a80c9"`. */
export function look(name: LookName): string {
  return attributeTexts.get(name)!;
}

/** The attributes of the root element: what elements inherit unless their own look says otherwise. */
export const rootLook = ` class="rectio" fill="${light.ink}" text-anchor="middle" font-size="11" font-family="ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"`;

function darkRule([name, { fill, stroke }]: readonly [name: string, look: Look]): string[] {
  const colors = [
    ...(fill === undefined || fill === 'none' ? [] : [`fill:${dark[fill]}`]),
    ...(stroke === undefined ? [] : [`stroke:${dark[stroke]}`]),
  ];
  return colors.length === 0 ? [] : [`.rectio .${name}{${colors.join(';')}}`];
}

/** The colors on dark pages. Every rule is scoped to the drawing's class, so an inline drawing does not restyle its page. */
export const styleSheet: string = [
  '@media(prefers-color-scheme:dark){',
  `.rectio{fill:${dark.ink}}`,
  ...Object.entries(looks).flatMap(darkRule),
  '}',
].join('\n');
