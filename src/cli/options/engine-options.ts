/** The options that choose what computes. */

import { integer, text } from './options.js';

export const engineOptions = {
  engine: text(
    'NAME',
    { help: 'what computes: onednn is fast, reference is plain TypeScript and very slow', standard: 'auto' },
    'auto',
  ),
  threads: integer('COUNT', { from: 1, to: 1024 }, { help: 'threads to compute with', standard: 'one per core' }),
};
