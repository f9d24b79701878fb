/**
 * Which implementation won for which work on this machine, remembered between processes. It saves the measuring, and
 * it makes two runs with the same seed take the same implementations, hence give the same bits.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { cpus, homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { addonPath, type Choices } from './native.js';

export interface Measurements {
  /** All that is known. */
  known(): Choices;
  /** Takes in what a compilation came to know. */
  learn(measured: Choices): void;
}

/** The measurements of this processor with this build of the addon. */
export function openMeasurements(file: string = defaultFile()): Measurements {
  let choices: Choices | undefined;
  return {
    known: () => (choices ??= readChoices(file)),
    learn: (measured) => {
      const before = (choices ??= readChoices(file));
      if (Object.entries(measured).every(([work, choice]) => before[work] === choice)) return;
      // Another process may have learned something meanwhile; what was there first stays.
      choices = { ...measured, ...readChoices(file) };
      writeChoices(file, choices);
    },
  };
}

function defaultFile(): string {
  const { size, mtimeMs } = statSync(addonPath);
  const identity = [cpus()[0]?.model ?? '', cpus().length, size, mtimeMs].join();
  const name = `tuning-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.json`;
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rectio', name);
}

/** What the file says; nothing where there is none, or where it is not what was written. */
function readChoices(file: string): Choices {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content !== 'object' || content === null) return {};
    return Object.fromEntries(
      Object.entries(content).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {}; // Then everything is measured again, which costs seconds.
  }
}

function writeChoices(file: string, choices: Choices): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, `${JSON.stringify(choices, null, 1)}\n`);
    renameSync(unfinished, file);
  } catch {
    // A home that cannot be written to costs the next process its own measuring, no more; the run keeps its choices.
  }
}
