/** Paths in a clone. */

import { fileURLToPath } from 'node:url';

/** @param {string} path relative to the repository's root */
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const paths = {
  root: at('.'),
  sources: at('src'),
  native: at('native'),
  /** Everything that the set-up makes, except node_modules and dist. */
  build: at('build'),
  addon: at('build/rectio.node'),
  dist: at('dist'),
  modules: at('node_modules'),
  command: at('bin/rectio.js'),
};
