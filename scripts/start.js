/** `npm start`: the set-up, then the demonstration. */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

import { paths } from './paths.js';
import { afterSetup } from './setup.js';

await afterSetup(
  () =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [paths.command, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
      // Ctrl-C reaches the whole process group; a signal to this process alone is forwarded. The demo decides what to
      // do.
      for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGUSR1'])) {
        process.on(signal, () => void (signal === 'SIGINT' || child.kill(signal)));
      }
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    }),
);
