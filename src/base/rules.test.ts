import { describe, expect, it } from 'vitest';
import { applyRule, column, type Rules } from './rules.js';

type Figure = { readonly kind: 'square'; readonly side: number } | { readonly kind: 'circle'; readonly radius: number };

const table = {
  square: { corners: 4, area: ({ side }, scale) => scale * side ** 2 },
  circle: { corners: 0, area: ({ radius }, scale) => scale * 3 * radius ** 2 },
} satisfies {
  readonly [K in Figure['kind']]: { corners: number; area: Rules<Figure, [scale: number], number>[K] };
};

describe('a rule table', () => {
  const figures: readonly Figure[] = [
    { kind: 'square', side: 2 },
    { kind: 'circle', radius: 1 },
  ];

  it('is applied by the kind of a value, which is passed on with the other arguments', () => {
    const areas: Rules<Figure, [scale: number], number> = column(table, 'area');
    expect(figures.map((figure) => applyRule(areas, figure, 10))).toEqual([40, 30]);
  });

  it('can be a column of a table with rows', () => {
    expect(column(table, 'corners')).toEqual({ square: 4, circle: 0 });
  });
});
