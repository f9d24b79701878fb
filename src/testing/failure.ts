import { RectioError } from '../base/error.js';

/** Returns the RectioError that `action` throws. Fails if it throws nothing, or another kind of error. */
export function failure(action: () => unknown): RectioError {
  try {
    action();
  } catch (error) {
    if (error instanceof RectioError) return error;
    throw error;
  }
  throw new Error('expected a RectioError, but nothing was thrown');
}
