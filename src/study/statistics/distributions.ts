/** The distributions that the statistics here need, from jStat. Nothing else knows that package. */

import library from 'jstat';

const { normal, noncentralt, studentt } = library.jStat;

/** P(T ≤ t) of Student's t; `degrees` above 0, whole or not. */
export function studentCdf(t: number, degrees: number): number {
  return studentt.cdf(t, degrees);
}

/** The t below which the share `p` of Student's t lies; 0 < p < 1. */
export function studentQuantile(p: number, degrees: number): number {
  return studentt.inv(p, degrees);
}

/** P(T ≤ t) of the noncentral t, that is of (Z + noncentrality)/√(χ²/degrees). */
export function noncentralStudentCdf(t: number, degrees: number, noncentrality: number): number {
  // The series behind it loses its digits far out, where the normal distribution is as good as exact.
  if (Math.abs(noncentrality) > 30) return normal.cdf(t - noncentrality, 0, 1);
  return noncentralt.cdf(t, degrees, noncentrality);
}
