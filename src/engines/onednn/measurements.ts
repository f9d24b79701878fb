/**
 * A cache on disk of the implementation that was fastest for each piece of work on this machine. It saves measuring, and
 * it lets two runs with the same seed use the same implementations and therefore give the same bits.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { cacheFolder } from '../../system/cache.js';
import { processorIdentity } from '../../system/machine.js';
import { addonPath, type Choices } from './native.js';

export interface Measurements {
  /** All cached choices. */
  known(): Choices;
  /** Adds the choices that a compilation measured. */
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
      // Another process may have written choices meanwhile; the older ones win.
      choices = { ...measured, ...readChoices(file) };
      writeChoices(file, choices);
    },
  };
}

function defaultFile(): string {
  const { size, mtimeMs } = statSync(addonPath);
  const identity = [...processorIdentity(), size, mtimeMs].join();
  const name = `tuning-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.json`;
  return join(cacheFolder(), name);
}

/** The choices in the file; none if the file is missing or damaged. */
function readChoices(file: string): Choices {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content !== 'object' || content === null) return {};
    return Object.fromEntries(
      Object.entries(content).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {}; // Everything is measured again, which takes seconds.
  }
}

function writeChoices(file: string, choices: Choices): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, `${JSON.stringify(choices, null, 1)}\n`);
    renameSync(unfinished, file);
  } catch {
    // If the cache cannot be written, the next process measures again. The run stores its own choices anyway.
  }
}
