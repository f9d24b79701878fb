/**
 * How a proportion is written: one ratio for the whole network, with a pattern behind an `@` where it is not the even
 * one, or ratios for single stages.
 *
 *     2:1        2:1@10        stage1=1:1,stage2-4=3:2        2:1,layer1=1:1
 *
 * What the parts mean for a network (which stages there are) is not looked at here.
 */

import { RectioError } from '../base/error.js';
import { checkRatio, defaultPattern, parseRatio, patternRatio, printRatio, type Ratio } from './ratio.js';

/** A ratio with its pattern, and what of a network has it. */
export interface Share {
  /** As written: `layer1`, `stage2-4`; undefined for all that no other share names. */
  readonly stages?: string;
  readonly ratio: Ratio;
  readonly pattern: string;
}

const example = 'Name the stages of each ratio, such as stage1=1:1,stage2-4=3:2.';

/**
 * The shares that a text asks for, in its order; a share without stages is the only one of its kind.
 * @throws RectioError `usage` naming the part that is malformed.
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
 * The shares that a ratio, a pattern or both ask for; 1:1 where neither is given.
 * @throws RectioError `usage` for one that makes no sense, and where they contradict each other.
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
      `The pattern ${pattern} cannot be given besides '${ratio}'`,
      `Write patterns behind the ratios, such as ${ratio.includes('=') ? 'stage2=2:1@10' : '2:1@10'}.`,
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

/** A share as it can be typed again; its pattern is left out where it is the even one. */
export function printShare({ stages, ratio, pattern }: Share): string {
  const positions = pattern === defaultPattern(ratio) ? '' : `@${pattern}`;
  return `${stagesOf(stages)}${printRatio(ratio)}${positions}`;
}

/** What stands before a share's ratio. */
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
