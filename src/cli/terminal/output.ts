/** Where a command's words go: standard output for what was asked, standard error for everything else. */

import type { WriteStream } from 'node:tty';

import { exitCodes } from './exit-codes.js';

export interface Output {
  /** What the user asked for. */
  print(text: string): void;
  /** Everything else. */
  note(text: string): void;
  /** The one JSON document of `--json`. */
  json(document: unknown): void;
  /** Where progress goes: standard error where `--json` keeps standard output clean, else standard output. */
  progressTo(json: boolean): Screen;
  /** Asks to be told when standard output is lost, instead of ending then. */
  onLost(handler: (reason: LostReason) => void): void;
}

/** `closed`: its reader has seen enough, as in `rectio … | head`. `broken`: it cannot be written, on a full disk say. */
export type LostReason = 'closed' | 'broken';

/** A stream as progress sees it. */
export interface Screen {
  /** A terminal that can move its cursor. */
  readonly terminal: boolean;
  readonly colors: boolean;
  /** Its width now. */
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
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  const note = (text: string) => void process.stderr.write(`${text}\n`);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost) return; // every further write fails as well
    lost = true;
    const reason = error.code === 'EPIPE' ? 'closed' : 'broken';
    if (reason === 'broken') note(`rectio: Standard output cannot be written: ${error.message}.`);
    whenLost(reason);
  });
  // Where even errors have no reader, nobody is left to tell.
  process.stderr.on('error', () => undefined);
  return {
    print,
    note,
    json: (document) => print(JSON.stringify(document, null, 2)),
    progressTo: (json) => screenOf((json ? process.stderr : process.stdout) as WriteStream, process.env),
    onLost(handler) {
      whenLost = handler as (reason: LostReason) => never;
    },
  };
}
