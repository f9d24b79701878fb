/**
 * Hooks of Node's module loader for users' modules. They strip types in place, so lines and columns do not change, and
 * resolve `rectio` to the running copy of Rectio, whatever folder the file is in. Neither function awaits anything, so
 * they work as hooks in the same thread and in a separate one.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';

import { transformSync } from '@swc/wasm-typescript';

import { isUsersOwn, type Place } from './place.js';

/** The module that `import … from 'rectio'` resolves to. Its path is relative to this file's compiled location. */
const ownModules: { readonly [specifier: string]: string } = {
  rectio: new URL('../index.js', import.meta.url).href,
  'rectio/training': new URL('../training.js', import.meta.url).href,
};

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const url = ownModules[specifier] ?? typescriptTwin(specifier, context.parentURL);
  return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
};

/** If only `./block.ts` exists, `./block.js` resolves to it: TypeScript allows both spellings. */
function typescriptTwin(specifier: string, parent: string | undefined): string | undefined {
  if (!/^\.{1,2}\/.*\.m?js$/.test(specifier) || parent === undefined || !isUsersOwn(parent)) return undefined;
  const written = new URL(specifier, parent);
  const twin = new URL(written.href.replace(/js$/, 'ts'));
  return !existsSync(written) && existsSync(twin) ? twin.href : undefined;
}

export const load: LoadHook = (url, context, nextLoad) => {
  if (!isUsersOwn(url) || !/\.m?[jt]s$/.test(url)) return nextLoad(url, context);
  return { format: 'module', source: withoutTypes(url), shortCircuit: true };
};

/** The compiler's error. Lines count from 1, columns from 0. */
interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
}

function withoutTypes(url: string): string {
  const source = readFileSync(fileURLToPath(url), 'utf8');
  try {
    return transformSync(source, { mode: 'strip-only', module: true, deprecatedTsModuleAsError: true }).code;
  } catch (error) {
    const { code, message, startLine, startColumn } = error as Refusal;
    const place: Place = { url, line: startLine, column: startColumn + 1 };
    const syntax = code === 'UnsupportedSyntax' ? 'erasable' : 'invalid';
    // These fields survive the transfer from the hooks' thread to the importing module's thread.
    throw Object.assign(new SyntaxError(message), { place, syntax });
  }
}
