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
    'Serves a page that shows all runs and studies below DIR: live curves, drawings, wrong answers, differences between ' +
    'ratios. Without DIR it takes the folders runs and studies here. The board never writes. Only this machine can reach it, ' +
    'unless --host is given; the link then holds a token. Ctrl-C stops the board.',
  positionals: [{ placeholder: 'DIR', help: 'a folder that holds runs or studies', required: false }],
  options: {
    port: integer('N', { from: 0, to: 65_535 }, { help: 'the port; 0 takes any free one' }, 6116),
    host: text('HOST', { help: 'the address to listen on; 0.0.0.0 listens on all' }, '127.0.0.1'),
    json: flag('print the link as a JSON document'),
  },
  examples: [
    { command: 'npx rectio board', does: 'all runs and studies here' },
    { command: 'npx rectio board studies/resnet20 --port 0', does: 'one study, on any free port' },
  ],
  async run({ values: { port, host, json }, positionals: [folder] }, output) {
    const { placeOf, startBoard } = await import('../../board/index.js');
    const place = placeOf(folder === undefined ? undefined : resolve(folder), process.cwd());
    const board = await startBoard({ place, host, port });
    if (json) output.json({ link: board.link });
    else output.print(`The board is at ${board.link}\nCtrl-C stops it.`);
    const stopping = listenForSignals(() => undefined);
    await new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()));
    await board.close();
    stopping.release();
    return exitCodes.done;
  },
});
