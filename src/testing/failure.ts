import { RectioError } from '../base/error.js';

/** The error that `action` throws; a defect where it throws another kind or none. */
export function failure(action: () => unknown): RectioError {
  try {
    action();
  } catch (error) {
    if (error instanceof RectioError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}
