#!/usr/bin/env node
// The command `rectio`: everything lives in dist/cli, which the set-up compiles from src/cli.

import { existsSync } from 'node:fs';

const entry = new URL('../dist/cli/main.js', import.meta.url);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`rectio: Node.js 20.19 or newer is needed; this is ${process.versions.node}.`);
  console.error('Get a newer one: https://nodejs.org/en/download');
  process.exitCode = 1;
} else if (!existsSync(entry)) {
  console.error('rectio: it is not set up yet.');
  console.error('Run `npm run setup` in its folder (npm start and npm test do so by themselves).');
  process.exitCode = 1;
} else {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
}
