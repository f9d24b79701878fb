/**
 * Student's t, central and noncentral. A test compares them with SciPy over the range that studies use: degrees of
 * freedom from 1 to 10⁶, p-values down to 10⁻¹², noncentralities up to 200.
 */

/** P(T ≤ t) of Student's t; `degrees` above 0, not necessarily whole. Relative error below 10⁻¹⁰ in both tails. */
export function studentCdf(t: number, degrees: number): number {
  const tail = 0.5 * studentTails(Math.abs(t), degrees);
  return t < 0 ? tail : 1 - tail;
}

/** The t below which the share `p` of Student's t lies; 0 < p < 1. Relative error below 10⁻¹⁰. */
export function studentQuantile(p: number, degrees: number): number {
  if (p === 0.5) return 0;
  const tails = 2 * Math.min(p, 1 - p);
  let high = 1;
  while (studentTails(high, degrees) > tails) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentTails(middle, degrees) > tails) low = middle;
    else high = middle;
  }
  return p < 0.5 ? -high : high;
}

/**
 * P(T ≤ t) of the noncentral t, which is (Z + noncentrality)/S with S = √(χ²/degrees): the normal probability of
 * Z ≤ t·S − noncentrality, integrated over the density of S. Absolute error below 10⁻⁹.
 */
export function noncentralStudentCdf(t: number, degrees: number, noncentrality: number): number {
  // The density rises like s^(degrees − 1) from 0, which has no second derivative there below three degrees of freedom.
  // In v with s = v⁴ it is smooth enough for the quadrature.
  const integrand = (v: number): number =>
    normalCdf(t * v ** 4 - noncentrality) * scaleDensity(v ** 4, degrees) * 4 * v ** 3;
  // S has a mean near 1 and a deviation near 1/√(2·degrees); beyond 12 deviations nothing counts.
  const width = 12 / Math.sqrt(2 * degrees);
  const [from, to] = [Math.max(0, 1 - width), 1 + width];
  // The normal probability goes from 0 to 1 around noncentrality/t, within a few 1/t: the pieces end there.
  const turn = t === 0 ? [] : [-8, -2, 0, 2, 8].map((step) => noncentrality / t + step / Math.abs(t));
  const ends = [from, ...turn.filter((end) => end > from && end < to).sort((x, y) => x - y), to].map((s) => s ** 0.25);
  let sum = 0;
  for (let i = 1; i < ends.length; i++) sum += integrate(integrand, ends[i - 1]!, ends[i]!);
  return Math.min(1, Math.max(0, sum));
}

/** P(|T| > t) for t ≥ 0: the regularized incomplete beta function at degrees/(degrees + t²) with ½·degrees and ½. */
function studentTails(t: number, degrees: number): number {
  if (t === 0) return 1;
  const [a, b] = [degrees / 2, 0.5];
  const square = (t * t) / degrees;
  const [x, rest] = [1 / (1 + square), square / (1 + square)];
  // x^a · (1 − x)^b / B(a, ½), with B(a, ½) = √π · Γ(a)/Γ(a + ½).
  const front = Math.exp(-a * Math.log1p(square) + b * Math.log(rest) + logGammaHalfStep(a)) / Math.sqrt(Math.PI);
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(rest, b, a)) / b;
}

/** The continued fraction of the incomplete beta function (Abramowitz and Stegun 1964, 26.5.8), by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guarded = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guarded(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

/** From here on Stirling's series below are exact to the last digits of a double. */
const stirlingFrom = 20;

/** ln(Γ(a + ½)/Γ(a)). The difference of two values of ln Γ would lose its digits where a is large. */
function logGammaHalfStep(a: number): number {
  let shift = 0;
  let x = a;
  for (; x < stirlingFrom; x++) shift += Math.log(x / (x + 0.5));
  const square = x * x;
  const series = -1 / 8 + (1 / 192 - (1 / 640 - 17 / 14_336 / square) / square) / square;
  return shift + 0.5 * Math.log(x) + series / x;
}

/** The density of √(χ²/degrees) at `s`. */
function scaleDensity(s: number, degrees: number): number {
  if (s <= 0) return degrees === 1 ? Math.sqrt(2 / Math.PI) : 0;
  const half = degrees / 2;
  return 2 * Math.exp(logScaleConstant(half) + (degrees - 1) * Math.log(s) - half * (s * s - 1));
}

/** a·ln a − a − ln Γ(a), by Stirling's series (Abramowitz and Stegun 1964, 6.1.41). */
function logScaleConstant(a: number): number {
  let shift = 0;
  let x = a;
  for (; x < stirlingFrom; x++) shift += Math.log(x);
  const square = x * x;
  const series = 1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square;
  const logGamma = (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series / x - shift;
  // Without a shift the two large parts cancel before they are computed.
  return shift === 0 ? 0.5 * Math.log(x / (2 * Math.PI)) - series / x : a * Math.log(a) - a - logGamma;
}

/** P(Z ≤ z) of the standard normal distribution. */
function normalCdf(z: number): number {
  if (z < -38) return 0;
  if (z > 9) return 1;
  return Math.abs(z) < 3 ? 0.5 + normalSeries(z) : z < 0 ? normalTail(-z) : 1 - normalTail(z);
}

/** P(0 < Z ≤ z) near 0 (Abramowitz and Stegun 1964, 26.2.11). */
function normalSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

/** P(Z > z) far from 0, by a continued fraction (Abramowitz and Stegun 1964, 26.2.14). */
function normalTail(z: number): number {
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / fraction;
  return Math.exp(-0.5 * z * z) / (fraction * Math.sqrt(2 * Math.PI));
}

/** Nodes and weights of Gauss–Legendre quadrature with 16 points on [−1, 1]; those below 0 mirror these. */
const gaussLegendre = gaussLegendreRule(16);

function gaussLegendreRule(points: number): readonly (readonly [node: number, weight: number])[] {
  return Array.from({ length: points / 2 }, (_, index) => {
    let x = Math.cos((Math.PI * (index + 0.75)) / (points + 0.5));
    let slope = 0;
    for (let step = 0; step < 8; step++) {
      let [before, value] = [1, x];
      for (let n = 2; n <= points; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      slope = (points * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    return [x, 2 / ((1 - x * x) * slope * slope)] as const;
  });
}

/** The integral over [from, to], in pieces of equal length. */
function integrate(f: (x: number) => number, from: number, to: number): number {
  const pieces = 8;
  const half = (to - from) / (2 * pieces);
  let sum = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const middle = from + (2 * piece + 1) * half;
    for (const [node, weight] of gaussLegendre) sum += weight * (f(middle - node * half) + f(middle + node * half));
  }
  return sum * half;
}
