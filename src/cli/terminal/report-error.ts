/** The one place that turns an error into text for the terminal, or into the document of `--json`. */

import { errorData, RectioError } from '../../base/error.js';
import { exitCodes } from './exit-codes.js';
import type { Output } from './output.js';
import { nameFlags } from './setting-names.js';

export interface ReportOptions {
  /** Whether `--json` was given; the JSON document is then `{error: {code, message, hint}}`. */
  readonly json: boolean;
  /** RECTIO_DEBUG=1: shows stacks. */
  readonly debug: boolean;
}

/** File system errors with causes on the user's machine, as opposed to defects of Rectio. */
const systemHints: { readonly [code: string]: string } = {
  ENOSPC: 'The disk is full: make room, or choose a folder on another disk.',
  EDQUOT: 'Your disk quota is used up: make room, or choose a folder on another disk.',
  EIO: 'The disk reports a fault: check it, or choose a folder on another disk.',
  EACCES: 'Permission denied: check the permissions, or choose another folder.',
  EROFS: 'That disk is read-only: choose another folder.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
};

/** Prints what went wrong and what to do. @returns the exit code */
export function reportError(error: unknown, output: Output, { json, debug }: ReportOptions): number {
  const known = error instanceof RectioError ? inFlags(error) : fromSystem(error);
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

/** The error with flags in place of settings. */
function inFlags(error: RectioError): RectioError {
  return new RectioError(error.code, nameFlags(error.message), nameFlags(error.hint), { cause: error.cause });
}

/** What is wrong; on the next line, what to do. */
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
