/** Ratios N:M of convolutions to activations, and patterns of kept and dropped sites. */

import { RectioError } from '../base/error.js';

/** Of every N = `convolutions` sites, M = `activations` are kept; 1 ≤ M ≤ N. */
export interface Ratio {
  readonly convolutions: number;
  readonly activations: number;
}

/** No network needs longer modules; the limit prevents a typing error from creating a pattern of gigabytes. */
const longestModule = 1000;

const examples = 'Write N:M with N ≥ M ≥ 1, such as 1:1 (every ReLU stays), 2:1 or 3:2.';

/** `3:2`. */
export function printRatio({ convolutions, activations }: Ratio): string {
  return `${convolutions}:${activations}`;
}

/** Reduces a ratio: 6:4 becomes 3:2. */
export function reduceRatio({ convolutions, activations }: Ratio): Ratio {
  const divisor = greatestCommonDivisor(convolutions, activations);
  return { convolutions: convolutions / divisor, activations: activations / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * Parses a ratio such as `3:2`.
 * @throws RectioError `usage`, suggesting a similar valid ratio.
 */
export function parseRatio(text: string): Ratio {
  const numbers = /^\s*(\d+)\s*:\s*(\d+)\s*$/.exec(text);
  if (numbers === null) throw new RectioError('usage', `'${text}' is not a ratio`, suggestion(text));
  const ratio = { convolutions: Number(numbers[1]), activations: Number(numbers[2]) };
  checkRatio(ratio);
  return ratio;
}

/** Checks that 1 ≤ M ≤ N. @throws RectioError `usage`, suggesting a similar valid ratio. */
export function checkRatio(ratio: Ratio): void {
  const { convolutions, activations } = ratio;
  const refuse = (problem: string, hint: string): never => {
    throw new RectioError('usage', `The ratio ${printRatio(ratio)} ${problem}`, hint);
  };
  if (!Number.isInteger(convolutions) || !Number.isInteger(activations) || convolutions < 0 || activations < 0) {
    refuse('is not made of whole numbers', examples);
  }
  if (convolutions > longestModule || activations > longestModule) {
    refuse(`has more than ${longestModule} sites in a module`, examples);
  }
  if (activations === 0) {
    const least = printRatio({ convolutions: Math.max(1, convolutions), activations: 1 });
    refuse('keeps no activation at all', `The least that can be kept is one: ${least}.`);
  }
  if (activations > convolutions) {
    const nearest = convolutions === 0 ? '1:1' : printRatio({ convolutions: activations, activations: convolutions });
    refuse('has more activations than convolutions', `Did you mean ${nearest}? It is convolutions:activations.`);
  }
}

/** A hint for a text that is not N:M, with the ratio that was probably meant. */
function suggestion(text: string): string {
  const numbers = text.match(/\d+(?:\.\d+)?/g)?.map(Number) ?? [];
  const [larger = 0, smaller = 1] = [...numbers].sort((a, b) => b - a);
  if (numbers.length === 0 || numbers.length > 2 || smaller === 0 || larger < smaller) return examples;
  // Two decimal places suffice for a ratio: 1.5 is 3:2.
  const nearest = reduceRatio({ convolutions: Math.round(larger * 100), activations: Math.round(smaller * 100) });
  const sensible = nearest.activations > 0 && nearest.convolutions <= longestModule;
  return sensible ? `Did you mean ${printRatio(nearest)}?` : examples;
}

/**
 * The default pattern of N characters, `1` for kept and `0` for dropped, which spreads the kept sites evenly and ends with one:
 * site i keeps iff ⌊(i+1)·M/N⌋ > ⌊i·M/N⌋. 2:1 is `01`, 3:2 is `011`.
 */
export function defaultPattern({ convolutions, activations }: Ratio): string {
  const keptBefore = (site: number) => Math.floor((site * activations) / convolutions);
  return Array.from({ length: convolutions }, (_, i) => (keptBefore(i + 1) > keptBefore(i) ? '1' : '0')).join('');
}

/**
 * The ratio of a pattern such as `01`: N characters, of which M are `1`.
 * @throws RectioError `usage` if it has other characters, keeps nothing, or contradicts `ratio`.
 */
export function patternRatio(pattern: string, ratio?: Ratio): Ratio {
  const hint = `Write one character for each site of a module, 1 to keep and 0 to drop, such as ${
    ratio === undefined ? '01' : `${defaultPattern(ratio)} for ${printRatio(ratio)}`
  }.`;
  if (!/^[01]+$/.test(pattern)) {
    throw new RectioError('usage', `'${pattern}' is not a pattern of ones and zeros`, hint);
  }
  const found = { convolutions: pattern.length, activations: pattern.replaceAll('0', '').length };
  if (ratio !== undefined && printRatio(found) !== printRatio(ratio)) {
    throw new RectioError(
      'usage',
      `The pattern ${pattern} is one of ${printRatio(found)}, but the requested ratio is ${printRatio(ratio)}`,
      `${hint} Or leave out the ratio.`,
    );
  }
  checkRatio(found);
  return found;
}
