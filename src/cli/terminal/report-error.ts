/** The one place that turns an error into words for the terminal, or into the document of `--json`. */

import { errorData, RectioError } from '../../base/error.js';
import { exitCodes } from './exit-codes.js';
import type { Output } from './output.js';

export interface ReportOptions {
  /** Whether the command was asked for one JSON document; then that says `{error: {code, message, hint}}`. */
  readonly json: boolean;
  /** RECTIO_DEBUG=1: shows stacks. */
  readonly debug: boolean;
}

/** File system errors that come from the user's machine, not from a defect. */
const systemHints: { readonly [code: string]: string } = {
  ENOSPC: 'The disk is full: make room, or choose a folder on another disk.',
  EDQUOT: 'Your share of the disk is used up: make room, or choose a folder on another disk.',
  EACCES: 'You may not do that there: check the permissions, or choose another folder.',
  EROFS: 'That disk is read-only: choose another folder.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
};

/** Says what went wrong and what to do; gives the exit code. */
export function reportError(error: unknown, output: Output, { json, debug }: ReportOptions): number {
  const known = error instanceof RectioError ? error : fromSystem(error);
  if (known) {
    output.note(describeError(known));
    if (json) output.json({ error: errorData(known) });
  } else {
    const message = error instanceof Error ? error.message : String(error);
    const hint = 'This is a defect of Rectio. RECTIO_DEBUG=1 shows where; please report it with the command you ran.';
    output.note(`rectio: unexpected error: ${sentence(message)}\n${hint}`);
    if (json) output.json({ error: { code: 'defect', message, hint } });
  }
  if (debug) output.note(stackOf(error));
  return known?.code === 'usage' ? exitCodes.usage : exitCodes.failed;
}

/** What is wrong, and on the next line what to do. */
function describeError({ message, hint }: RectioError): string {
  return `rectio: ${sentence(message)}\n${hint}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?:]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function fromSystem(error: unknown): RectioError | undefined {
  if (!(error instanceof Error)) return undefined;
  const hint = systemHints[(error as NodeJS.ErrnoException).code ?? ''];
  return hint === undefined ? undefined : new RectioError('disk', error.message, hint, { cause: error });
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}
