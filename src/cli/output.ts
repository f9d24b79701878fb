/** Where a command's words go: standard output for what was asked, standard error for everything else. */

import type { WriteStream } from 'node:tty';

export interface Output {
  /** What the user asked for. */
  print(text: string): void;
  /** Everything else. */
  note(text: string): void;
  /** The one JSON document of `--json`. */
  json(document: unknown): void;
  /** Where progress goes: standard error where `--json` keeps standard output clean, else standard output. */
  progressTo(json: boolean): Screen;
  /** Asks to be told when standard output's reader is gone (as in `rectio … | head`), instead of ending quietly. */
  onClosed(handler: () => void): void;
}

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

/** The process's own streams. A reader that goes away ends the process quietly, unless someone wants to know. */
export function processOutput(): Output {
  let closed = () => process.exit(0);
  const quietly = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    closed();
  };
  process.stdout.on('error', quietly);
  process.stderr.on('error', quietly);
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  return {
    print,
    note: (text) => void process.stderr.write(`${text}\n`),
    json: (document) => print(JSON.stringify(document, null, 2)),
    progressTo: (json) => screenOf((json ? process.stderr : process.stdout) as WriteStream, process.env),
    onClosed(handler) {
      closed = handler as () => never;
    },
  };
}
