/**
 * How modules of the user's are found and read, as hooks of Node's module loader. They take types away in place, so that
 * every line and column stays where it is, and give `rectio` as the very Rectio that runs, wherever the file lies. Neither
 * function awaits anything, so that they serve where hooks run in the thread itself and where they run beside it.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';

import { transformSync } from '@swc/wasm-typescript';

import { isUsersOwn, type Place } from './place.js';

/** What `import … from 'rectio'` means in a user's file; beside the folder that this file is compiled into. */
const ownModules: { readonly [specifier: string]: string } = {
  rectio: new URL('../index.js', import.meta.url).href,
  'rectio/training': new URL('../training.js', import.meta.url).href,
};

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const url = ownModules[specifier] ?? typescriptTwin(specifier, context.parentURL);
  return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
};

/** `./block.js` means `./block.ts` where only that exists: TypeScript lets one write either. */
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

/** What the compiler throws; lines count from 1, columns from 0. */
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
    // The fields outlive the way from the thread of the hooks to that of the importing module.
    throw Object.assign(new SyntaxError(message), { place, syntax });
  }
}
