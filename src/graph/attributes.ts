/**
 * What values every op's attributes may take: one table for validation, JSON input and printing.
 * Whether an attribute suits the op's inputs is for the shape rules to say.
 */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import type { Op, OpKind, OpOf } from './op.js';
import { show } from './show.js';

/** One kind of value: how messages call it, and which values belong to it. */
export interface AttributeType {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** The largest extent or count that engines can address. */
export const largestExtent = 2 ** 31 - 1;

const isInteger = (value: unknown, least: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= largestExtent;
const isPair = (value: unknown, least: number): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((part) => isInteger(part, least));

const count: AttributeType = { expected: 'an integer of at least 1', accepts: (value) => isInteger(value, 1) };
const amount: AttributeType = { expected: 'an integer of at least 0', accepts: (value) => isInteger(value, 0) };
const countPair: AttributeType = {
  expected: '[height, width], two integers of at least 1',
  accepts: (value) => isPair(value, 1),
};
const amountPair: AttributeType = {
  expected: '[height, width], two integers of at least 0',
  accepts: (value) => isPair(value, 0),
};
const flag: AttributeType = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
const finite: AttributeType = { expected: 'a finite number', accepts: (value) => Number.isFinite(value) };
const positive: AttributeType = {
  expected: 'a finite number above 0',
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};
const share: AttributeType = {
  expected: 'a number from 0 to 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
};
const shareBelowOne: AttributeType = {
  expected: 'a number of at least 0 and below 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value < 1,
};
const shape: AttributeType = {
  expected: '[channels, height, width] or [features], integers of at least 1',
  accepts: (value) =>
    Array.isArray(value) && (value.length === 1 || value.length === 3) && value.every((part) => isInteger(part, 1)),
};
const oneOf = (...words: readonly string[]): AttributeType => ({
  expected: words.map((word) => `'${word}'`).join(' or '),
  accepts: (value) => typeof value === 'string' && words.includes(value),
});

/** The attributes of every op, all of them required, in the order in which they are printed. */
export const attributeTypes: {
  readonly [K in OpKind]: { readonly [A in Exclude<keyof OpOf<K>, 'kind'>]: AttributeType };
} = {
  input: { shape },
  convolution: {
    outChannels: count,
    kernel: countPair,
    stride: countPair,
    padding: amountPair,
    dilation: countPair,
    groups: count,
    bias: flag,
  },
  batchNorm: { epsilon: positive, momentum: share },
  layerNorm: { epsilon: positive },
  localResponseNorm: { size: count, alpha: finite, beta: finite, k: finite },
  relu: {},
  leakyRelu: { slope: finite },
  prelu: { initialSlope: finite, perChannel: flag },
  relu6: {},
  silu: {},
  gelu: {},
  sigmoid: {},
  hardSwish: {},
  hardSigmoid: {},
  identity: {},
  add: {},
  multiply: {},
  concat: {},
  sliceChannels: { start: amount, count },
  channelShuffle: { groups: count },
  padChannels: { before: amount, after: amount },
  maxPool: { kernel: countPair, stride: countPair, padding: amountPair, ceil: flag },
  averagePool: { kernel: countPair, stride: countPair, padding: amountPair, ceil: flag, countPadding: flag },
  globalAveragePool: {},
  adaptiveAveragePool: { size: countPair },
  linear: { outFeatures: count, bias: flag },
  flatten: {},
  dropout: { rate: shareBelowOne },
  stochasticDepth: { rate: shareBelowOne },
  scale: { per: oneOf('channel', 'element'), initial: finite },
};

/** Every kind of op. */
export const opKinds = Object.keys(attributeTypes) as readonly OpKind[];

/**
 * The value as an op, if it is one in every attribute; a fresh copy without anything else on it.
 * @throws RectioError `graph` naming the node and the attribute.
 */
export function checkOp(node: string, value: { readonly [attribute: string]: unknown }): Op {
  const { kind } = value;
  if (typeof kind !== 'string' || !Object.hasOwn(attributeTypes, kind)) {
    throw new RectioError(
      'graph',
      `Node ${node}: there is no op ${show(kind)}`,
      didYouMean(typeof kind === 'string' ? kind : '', opKinds),
    );
  }
  const types: { readonly [attribute: string]: AttributeType } = attributeTypes[kind as OpKind];
  for (const attribute of Object.keys(value)) {
    if (attribute !== 'kind' && !Object.hasOwn(types, attribute)) {
      const names = Object.keys(types);
      throw new RectioError(
        'graph',
        `Node ${node} (${kind}): there is no attribute ${show(attribute)}`,
        names.length > 0 ? didYouMean(attribute, names) : `A ${kind} has no attributes; remove it.`,
      );
    }
  }
  const op: { [attribute: string]: unknown } = { kind };
  for (const [attribute, type] of Object.entries(types)) {
    const given = Object.hasOwn(value, attribute) ? value[attribute] : undefined;
    if (!type.accepts(given)) {
      throw new RectioError(
        'graph',
        `Node ${node} (${kind}): ${attribute} is ${show(given)}`,
        `Give ${attribute} as ${type.expected}.`,
      );
    }
    op[attribute] = Array.isArray(given) ? [...given] : given;
  }
  return op as unknown as Op;
}
