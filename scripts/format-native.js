/**
 * Formats the C++ sources with clang-format (.clang-format holds the style).
 *
 *     node scripts/format-native.js            # npm run format calls it
 *     node scripts/format-native.js --check    # says which files differ, and changes none
 */

import { join } from 'node:path';

import { run } from './command.js';
import { paths } from './paths.js';
import { say } from './say.js';
import { filesUnder } from './stamp.js';

const isSource = (/** @type {string} */ path) => /\.(cc|hpp)$/.test(path);
const files = [
  ...(await filesUnder(paths.native, isSource)),
  ...(await filesUnder(join(paths.root, 'bench'), isSource)),
];
const how = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i'];
const tool = join(paths.modules, 'clang-format', 'index.js');
const { ok, output } = await run(process.execPath, [tool, '--style=file', ...how, ...files]);
if (!ok) {
  say(output.trim());
  say('The C++ sources are not formatted, or clang-format does not run here. To format them: npm run format');
  process.exitCode = 1;
}
