import type { GroupResult } from '../results.js';

/** What the errors along training were measured on. If training images are held out, only the result sees the test split. */
export function evaluatedName({ arms }: Pick<GroupResult, 'arms'>): 'Test error' | 'Validation error' {
  return arms.every(({ arm }) => arm.config.evaluation.validation === null) ? 'Test error' : 'Validation error';
}
