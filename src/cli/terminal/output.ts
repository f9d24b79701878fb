/** Where a command's text goes: results to standard output, everything else to standard error. */

import type { WriteStream } from 'node:tty';

import { exitCodes } from './exit-codes.js';
import { wrapText } from './wrap.js';

export interface Output {
  /** Prints a result. On a terminal, lines that are too wide are broken at spaces. */
  print(text: string): void;
  /** Prints everything else, likewise. */
  note(text: string): void;
  /** The width that a result may have: the terminal's; infinite in a pipe or a file. */
  columns(): number;
  /** The one JSON document of `--json`. */
  json(document: unknown): void;
  /** Where progress goes: standard error with `--json`, which keeps standard output clean; otherwise standard output. */
  progressTo(json: boolean): Screen;
  /** Calls the handler when standard output is lost, instead of ending the process. */
  onLost(handler: (reason: LostReason) => void): void;
}

/** `closed`: its reader has gone, as in `rectio … | head`. `broken`: writing fails, for example on a full disk. */
export type LostReason = 'closed' | 'broken';

/** The stream that progress is written to. */
export interface Screen {
  /** Whether it is a terminal that can move its cursor. */
  readonly terminal: boolean;
  readonly colors: boolean;
  /** Its current width. */
  columns(): number;
  write(text: string): void;
}

type Environment = { readonly [name: string]: string | undefined };

function screenOf(stream: WriteStream, env: Environment): Screen {
  const terminal = Boolean(stream.isTTY) && env['TERM'] !== 'dumb' && !env['CI'];
  return {
    terminal,
    colors: terminal && !env['NO_COLOR'] && stream.hasColors(),
    columns: () => stream.columns || 80,
    write: (text) => void stream.write(text),
  };
}

/** The process's own streams. */
export function processOutput(): Output {
  let lost = false;
  let whenLost = (reason: LostReason) => process.exit(reason === 'closed' ? exitCodes.done : exitCodes.failed);
  const widthOf = (stream: NodeJS.WriteStream): number => (stream.isTTY && stream.columns ? stream.columns : Infinity);
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  const print = (text: string) => write(wrapText(text, widthOf(process.stdout)));
  const note = (text: string) => void process.stderr.write(`${wrapText(text, widthOf(process.stderr))}\n`);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost) return; // every further write fails too
    lost = true;
    const reason = error.code === 'EPIPE' ? 'closed' : 'broken';
    if (reason === 'broken') note(`rectio: Standard output cannot be written: ${error.message}.`);
    whenLost(reason);
  });
  // If standard error is lost too, there is nobody left to tell.
  process.stderr.on('error', () => undefined);
  return {
    print,
    note,
    columns: () => widthOf(process.stdout),
    json: (document) => write(JSON.stringify(document, null, 2)),
    progressTo: (json) => screenOf((json ? process.stderr : process.stdout) as WriteStream, process.env),
    onLost(handler) {
      whenLost = handler as (reason: LostReason) => never;
    },
  };
}
