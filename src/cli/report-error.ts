/** The one place that turns an error into words for the terminal. */

import { RectioError } from '../base/error.js';
import { exitCodes } from './command.js';
import type { Output } from './output.js';

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?:]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** A file system error that reached the top: what the user can do about the common ones. */
const systemHints: { readonly [code: string]: string } = {
  ENOSPC: 'The disk is full: make room, or choose a folder on another disk.',
  EACCES: 'You may not do that there: check the permissions, or choose another folder.',
  EROFS: 'That disk is read-only: choose another folder.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
};

/** Says what went wrong and what to do; gives the exit code. Stacks are shown only with RECTIO_DEBUG=1. */
export function reportError(error: unknown, output: Output, debug: boolean): number {
  if (error instanceof RectioError) {
    output.note(`rectio: ${sentence(error.message)}\n${sentence(error.hint)}`);
  } else {
    const { message, code } = describe(error);
    const hint = code === undefined ? undefined : systemHints[code];
    output.note(
      hint === undefined
        ? `rectio: unexpected error: ${sentence(message)}\n` +
            'This is a defect of Rectio. RECTIO_DEBUG=1 shows where it happened; please report it with the command you ran.'
        : `rectio: ${sentence(message)}\n${hint}`,
    );
  }
  if (debug) output.note(stackOf(error));
  return error instanceof RectioError && error.code === 'usage' ? exitCodes.usage : exitCodes.failed;
}

function describe(error: unknown): { message: string; code: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  return { message: error.message, code: (error as NodeJS.ErrnoException).code };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}
