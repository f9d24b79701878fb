/**
 * Random numbers as a function of position, not of history: Philox4x32-10 (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3"). Whoever knows key and counter draws the same number, on any thread, on any engine
 * and after any resume.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** The high 32 bits of the unsigned product of two 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middleLow = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middleLow / 0x10000)) >>> 0;
}

/** Four words for a counter of four words and a key of two; every word an unsigned 32-bit integer. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A 32-bit hash of a text (FNV-1a), to turn names into stream numbers. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** A source of numbers drawn one after the other from one stream. */
export interface RandomStream {
  /** An unsigned 32-bit integer. */
  word(): number;
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, bound), 1 ≤ bound ≤ 2³². */
  below(bound: number): number;
  /** Standard normal (Box and Muller 1958). */
  normal(): number;
}

/**
 * The stream that belongs to `seed` and to up to three further words (a hashed name, an epoch, an index).
 * Streams with different words are independent; the same words always give the same stream.
 */
export function randomStream(seed: number, a = 0, b = 0, c = 0): RandomStream {
  let block = 0;
  let buffer: number[] = [];
  let spare: number | undefined;
  const word = (): number => {
    if (buffer.length === 0) buffer = philox([block++, a >>> 0, b >>> 0, c >>> 0], [seed >>> 0, 0x52656374]);
    return buffer.pop()!;
  };
  const uniform = (): number => word() / 0x1_0000_0000;
  return {
    word,
    uniform,
    below: (bound) => Math.floor(uniform() * bound),
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** The numbers 0 … count−1 in an order drawn from `stream` (Fisher and Yates). */
export function permutation(count: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
