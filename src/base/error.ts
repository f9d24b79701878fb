/**
 * The only error type that users see. It is data first: the terminal and the pages each render it in their own way.
 *
 * Throw it for everything that a user can cause or fix: wrong options, bad files, a missing library, a full disk.
 * Any other exception is a bug in Rectio.
 */

/** The kind of problem, as a stable word that programs may check. */
export type ErrorCode =
  | 'usage' // an invalid option, name or ratio
  | 'graph' // a malformed network
  | 'proportion' // an impossible rewrite
  | 'plan' // a plan that violates its invariants
  | 'engine' // an engine that is missing, or refuses a plan
  | 'data' // a dataset file that is missing or broken
  | 'download' // a failed download
  | 'checkpoint' // an unusable run or checkpoint
  | 'weights' // a weights file that is broken or belongs to another network
  | 'training' // training that cannot continue (the loss is NaN, …)
  | 'disk' // a file that cannot be written
  | 'interrupted'; // the user or the scheduler asked to stop

/** An error that a user can act on: `message` names the place and the problem, `hint` the remedy. */
export class RectioError extends Error {
  override readonly name = 'RectioError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** One sentence that says what to do. */
    readonly hint: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The error as plain data, for JSON output. */
export function errorData(error: RectioError): { code: ErrorCode; message: string; hint: string } {
  return { code: error.code, message: error.message, hint: error.hint };
}
