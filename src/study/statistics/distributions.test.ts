import { describe, expect, it } from 'vitest';

import { noncentralStudentCdf, studentCdf, studentQuantile } from './distributions.js';
import scipy from './fixtures/distributions.json' with { type: 'json' };

/** The row that is furthest off, and how far. */
function worst<Row>(rows: readonly Row[], off: (row: Row) => number) {
  return rows.map((row) => ({ row, off: off(row) })).reduce((a, b) => (b.off > a.off ? b : a));
}

describe('over the range that studies use, SciPy agrees with', () => {
  it("Student's t, in both tails", () => {
    const { off } = worst(scipy.student, ({ t, degrees, below }) => Math.abs(studentCdf(t, degrees) / below - 1));
    expect(off).toBeLessThan(1e-10);
  });

  it('its quantiles', () => {
    const { off } = worst(scipy.quantiles, ({ p, degrees, quantile }) =>
      Math.abs(studentQuantile(p, degrees) / quantile - 1),
    );
    // SciPy 1.10 itself solves for quantiles to 3·10⁻⁹ only: its own CDF at them differs from p by that much.
    expect(off).toBeLessThan(5e-9);
    const { off: back } = worst(scipy.quantiles, ({ p, degrees }) =>
      Math.abs(studentCdf(studentQuantile(p, degrees), degrees) / p - 1),
    );
    expect(back).toBeLessThan(1e-10);
  });

  it('the noncentral t', () => {
    const found = worst(scipy.noncentral, ({ t, degrees, noncentrality, below }) =>
      Math.abs(noncentralStudentCdf(t, degrees, noncentrality) - below),
    );
    expect(found.off).toBeLessThan(1e-9);
  });
});
