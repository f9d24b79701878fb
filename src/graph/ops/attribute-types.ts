/** Types of attributes, and their checks. */

import { largestExtent } from '../sizes.js';

/** A type of attribute: its description in messages, and the check whether a value has the type. */
export interface AttributeType {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const isInteger = (value: unknown, least: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= largestExtent;
const isPair = (value: unknown, least: number): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((part) => isInteger(part, least));

export const count: AttributeType = { expected: 'an integer of at least 1', accepts: (value) => isInteger(value, 1) };
export const amount: AttributeType = { expected: 'an integer of at least 0', accepts: (value) => isInteger(value, 0) };
export const countPair: AttributeType = {
  expected: '[height, width], two integers of at least 1',
  accepts: (value) => isPair(value, 1),
};
export const amountPair: AttributeType = {
  expected: '[height, width], two integers of at least 0',
  accepts: (value) => isPair(value, 0),
};
export const flag: AttributeType = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const finite: AttributeType = { expected: 'a finite number', accepts: (value) => Number.isFinite(value) };
export const positive: AttributeType = {
  expected: 'a finite number above 0',
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};
export const share: AttributeType = {
  expected: 'a number from 0 to 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
};
export const shareBelowOne: AttributeType = {
  expected: 'a number of at least 0 and below 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value < 1,
};
export const shapeOfExample: AttributeType = {
  expected: '[channels, height, width] or [features], integers of at least 1',
  accepts: (value) =>
    Array.isArray(value) && (value.length === 1 || value.length === 3) && value.every((part) => isInteger(part, 1)),
};
export const oneOf = (...words: readonly string[]): AttributeType => ({
  expected: words.map((word) => `'${word}'`).join(' or '),
  accepts: (value) => typeof value === 'string' && words.includes(value),
});
