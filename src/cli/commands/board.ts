/** `rectio board`: runs and studies in the browser. */

import { resolve } from 'node:path';

import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag, integer, text } from '../options/options.js';
import { listenForSignals } from '../terminal/signals.js';

export const boardCommand = defineCommand({
  name: 'board',
  summary: 'look at runs and studies in the browser, live',
  description:
    'Serves a page with all runs and studies below DIR, by default those in runs and studies here: curves while they train, ' +
    'drawings, wrong answers, differences between ratios. It reads and never writes, and answers this machine alone unless ' +
    '--host says otherwise; then the link holds a token. Ctrl-C ends it.',
  positionals: [{ placeholder: 'DIR', help: 'a folder that holds runs or studies', required: false }],
  options: {
    port: integer('N', { least: 0, most: 65_535, whole: true }, { help: 'the port; 0 takes any that is free' }, 6116),
    host: text('HOST', { help: 'the address to listen on; 0.0.0.0 for all of this machine' }, '127.0.0.1'),
    json: flag('print the link as a JSON document'),
  },
  examples: [
    { command: 'npx rectio board', does: 'all runs and studies here' },
    { command: 'npx rectio board studies/resnet20 --port 0', does: 'one study, on a port that is free' },
  ],
  async run({ values: { port, host, json }, positionals: [folder] }, output) {
    const { placeOf, startBoard } = await import('../../board/index.js');
    const place = placeOf(folder === undefined ? undefined : resolve(folder), process.cwd());
    const board = await startBoard({ place, host, port });
    if (json) output.json({ link: board.link });
    else output.print(`The board is at ${board.link}\nCtrl-C ends it.`);
    const stopping = listenForSignals(() => undefined);
    await new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()));
    await board.close();
    stopping.release();
    return exitCodes.done;
  },
});
