/**
 * The notation of proportions: one ratio for the whole network, followed by `@` and a pattern if the kept sites are not spread
 * evenly, or ratios for single stages.
 *
 *     2:1        2:1@10        stage1=1:1,stage2-4=3:2        2:1,layer1=1:1
 *
 * Whether a network has the named stages is checked elsewhere (`stages.ts`).
 */

import { RectioError } from '../base/error.js';
import { checkRatio, defaultPattern, parseRatio, patternRatio, printRatio, type Ratio } from './ratio.js';

/** A ratio with its pattern, and the stages it applies to. */
export interface Share {
  /** As written: `layer1`, `stage2-4`; undefined for all stages that no other share names. */
  readonly stages?: string;
  readonly ratio: Ratio;
  readonly pattern: string;
}

const example = 'Name the stages of each ratio, such as stage1=1:1,stage2-4=3:2.';

/**
 * Parses the shares in a text, in order. At most one share has no stages.
 * @throws RectioError `usage` naming the malformed part.
 */
export function parseShares(text: string): readonly [Share, ...Share[]] {
  const [first = '', ...others] = text.split(',').map((part) => part.trim());
  if (others.length > 0 && [first, ...others].includes('')) {
    throw new RectioError('usage', `'${text}' has a comma with no ratio on one side`, 'Leave that comma out.');
  }
  const shares = [parseShare(first), ...others.map(parseShare)] as const;
  const [general, another] = shares.filter(({ stages }) => stages === undefined);
  if (another !== undefined) {
    throw new RectioError(
      'usage',
      `'${text}' has two ratios for all stages, ${printShare(general!)} and ${printShare(another)}`,
      example,
    );
  }
  return shares;
}

/**
 * The shares that a ratio, a pattern or both request; 1:1 if neither is given.
 * @throws RectioError `usage` if one is invalid, or if they contradict each other.
 */
export function askedShares({
  ratio,
  pattern,
}: {
  readonly ratio?: Ratio | string;
  readonly pattern?: string;
}): readonly [Share, ...Share[]] {
  if (typeof ratio !== 'string') return [shareOf(ratio, pattern)];
  const shares = parseShares(ratio);
  if (pattern === undefined) return shares;
  if (ratio.includes('=') || ratio.includes('@')) {
    throw new RectioError(
      'usage',
      `The pattern ${pattern} cannot be combined with '${ratio}'`,
      `Write patterns after the ratios, such as ${ratio.includes('=') ? 'stage2=2:1@10' : '2:1@10'}.`,
    );
  }
  return [shareOf(shares[0].ratio, pattern)];
}

function shareOf(ratio: Ratio | undefined, pattern: string | undefined): Share {
  if (ratio !== undefined) checkRatio(ratio);
  if (pattern !== undefined) return { ratio: patternRatio(pattern, ratio), pattern };
  const asked = ratio ?? { convolutions: 1, activations: 1 };
  return { ratio: asked, pattern: defaultPattern(asked) };
}

/** A share in the notation that `parseShares` reads; the pattern is left out if it is the default one. */
export function printShare({ stages, ratio, pattern }: Share): string {
  const positions = pattern === defaultPattern(ratio) ? '' : `@${pattern}`;
  return `${stagesOf(stages)}${printRatio(ratio)}${positions}`;
}

/** The text before a share's ratio. */
export const stagesOf = (stages: string | undefined): string => (stages === undefined ? '' : `${stages}=`);

function parseShare(text: string): Share {
  const equals = text.indexOf('=');
  if (equals === -1) return parseRatioAndPattern(text);
  const stages = text.slice(0, equals).trim();
  const ratio = text.slice(equals + 1).trim();
  if (stages === '' || ratio === '') {
    throw new RectioError('usage', `'${text}' lacks ${stages === '' ? 'a stage' : 'a ratio'}`, example);
  }
  return { stages, ...parseRatioAndPattern(ratio) };
}

function parseRatioAndPattern(text: string): Share {
  const at = text.indexOf('@');
  if (at === -1) {
    const [, stage, ratio] = /^(\D.*?)\s*[:\s]\s*(\d+:\d+)$/.exec(text) ?? [];
    if (ratio === undefined) return shareOf(parseRatio(text), undefined);
    throw new RectioError('usage', `'${text}' is not a ratio`, `Did you mean ${stage}=${ratio}?`);
  }
  return shareOf(parseRatio(text.slice(0, at)), text.slice(at + 1).trim());
}
