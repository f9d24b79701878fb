/**
 * The one error type that users meet. It is data first: the terminal and any page render it in their own way.
 *
 * Throw it for everything a user can cause or cure: wrong options, bad files, a missing library, a full disk.
 * Anything else that is thrown is a defect of Rectio itself.
 */

/** What went wrong, as a stable word that programs may test for. */
export type ErrorCode =
  | 'usage' // an option, name or ratio that makes no sense
  | 'graph' // a network that is not well formed
  | 'proportion' // a rewrite that cannot be done
  | 'plan' // a plan that breaks its own rules
  | 'engine' // an engine that is missing, or refuses a plan
  | 'data' // a dataset file that is missing or broken
  | 'download' // a download that did not arrive
  | 'checkpoint' // a run or checkpoint that cannot be used
  | 'weights' // a file of weights that is broken or of another network
  | 'training' // a training that cannot go on (loss is NaN, …)
  | 'disk' // a file that cannot be written
  | 'interrupted'; // the user or the scheduler asked to stop

/** An error a user can act on: `message` names the place and what is wrong, `hint` says what to do. */
export class RectioError extends Error {
  override readonly name = 'RectioError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** One sentence: what to do about it. */
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
