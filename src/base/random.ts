/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). Each
 * number depends only on a key and a counter, not on earlier draws. Every thread and every engine draws the same
 * numbers, also after a resume.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
/** The second key word of every stream ("Rect"). It separates streams from direct calls of `philox`. */
const STREAM_KEY = 0x52656374;

/** The high 32 bits of the unsigned product of two 32-bit integers. */
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

/** Maps a counter of four words and a key of two words to four random words. All words are unsigned 32-bit integers. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  const words = Uint32Array.from(counter);
  encipher(words, ...key);
  return [words[0]!, words[1]!, words[2]!, words[3]!];
}

/** Replaces the counter in `words` with its four random words, without allocating. */
function encipher(words: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = [words[0]!, words[1]!, words[2]!, words[3]!];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0;
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** Hashes a text to 32 bits (FNV-1a). It turns names into stream numbers. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Draws numbers in sequence from one stream. */
export interface RandomStream {
  /** An unsigned 32-bit integer. */
  word(): number;
  /** Uniform in [0, 1), with 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, bound), 1 ≤ bound ≤ 2³². */
  below(bound: number): number;
  /** Standard normal (Box and Muller 1958). */
  normal(): number;
}

/**
 * Creates the stream for `seed` and up to three more words (a hashed name, an epoch, an index). Different words give
 * independent streams; the same words always give the same stream.
 */
export function randomStream(seed: number, a = 0, b = 0, c = 0): RandomStream {
  const words = new Uint32Array(4);
  let block = 0;
  let left = 0;
  let spare: number | undefined;
  const word = (): number => {
    if (left === 0) {
      words[0] = block++;
      words[1] = a;
      words[2] = b;
      words[3] = c;
      encipher(words, seed >>> 0, STREAM_KEY);
      left = 4;
    }
    return words[--left]!;
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

/** A random permutation of 0 … count−1, drawn from `stream` (Fisher and Yates). */
export function permutation(count: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
