/** Turns exceptions from a user's module into errors that the user can act on. */

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { RectioError, type ErrorCode } from '../base/error.js';
import { didYouMean, nearest } from '../base/suggest.js';
import { graphBuilder } from '../graph/index.js';
import { placeInStack, type Place } from './place.js';

/** Plain data, so that it can be sent between threads. */
export interface Problem {
  readonly code: ErrorCode;
  /** Begins with the location: `./mynet.ts:7:15: …`. */
  readonly message: string;
  readonly hint: string;
  readonly stack: string;
}

/** A user's module: its URL, and how the user wrote its path. */
export interface NamedModule {
  readonly url: string;
  readonly path: string;
}

/** The problem, and what to do about it. */
interface Finding {
  readonly place?: Place | undefined;
  readonly message: string;
  readonly hint: string;
}

/** @param exportsOfRectio the names that a file can import from `rectio` */
export function problemOf(thrown: unknown, file: NamedModule, exportsOfRectio: readonly string[]): Problem {
  const error = thrown instanceof Error ? thrown : undefined;
  const stack = error?.stack ?? String(thrown);
  const found = error === undefined ? thrownValue(thrown) : findingOf(error, exportsOfRectio);
  const place = found.place ?? placeInStack(stack) ?? { url: file.url };
  return { code: 'graph', message: `${printPlace(place, file)}: ${found.message}`, hint: found.hint, stack };
}

function printPlace({ url, line, column }: Place, file: NamedModule): string {
  const path = url === file.url ? file.path : nearby(fileURLToPath(url));
  return [path, line, column].filter((part) => part !== undefined).join(':');
}

/** Prints a path relative to the working folder if the file is below it. */
function nearby(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

function thrownValue(thrown: unknown): Finding {
  return {
    message: `threw ${String(thrown)}, which is not an Error`,
    hint: 'Throw an Error, so that its line can be shown.',
  };
}

const general = "The file's own code threw this error; RECTIO_DEBUG=1 shows the stack.";

function findingOf(error: Error, exportsOfRectio: readonly string[]): Finding {
  const { message } = error;
  if (error instanceof RectioError) return { message, hint: error.hint };
  if (isRefusal(error)) return { place: error.place, message, hint: syntaxHints[error.syntax] };
  if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return moduleNotFound(error);
  const missing = /module 'rectio' does not provide an export named '(.+)'/.exec(message)?.[1];
  if (missing !== undefined) {
    return { message: `rectio has no '${missing}'`, hint: didYouMean(missing, exportsOfRectio) };
  }
  if (/^(module|exports|require) is not defined/.test(message)) {
    return { message, hint: "Write it as an ES module: import { … } from 'rectio', and export function network." };
  }
  return { message: `${error.name}: ${message}`, hint: callHint(message) ?? general };
}

/** The error that `hooks.ts` throws for unsupported syntax. */
type Refusal = Error & { readonly place: Place; readonly syntax: keyof typeof syntaxHints };

const isRefusal = (error: Error): error is Refusal => 'place' in error && 'syntax' in error;

const syntaxHints = {
  invalid: 'Correct the syntax at this position.',
  erasable:
    'Types are only removed, so the rest must be plain JavaScript; use an object instead of an enum, for example.',
};

/** A hint for a call of a builder method that does not exist. */
function callHint(message: string): string | undefined {
  const called = /\.(\w+) is not a function/.exec(message)?.[1];
  if (called === undefined) return undefined;
  const near = nearest(called, Object.keys(graphBuilder('any', [1])));
  return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : undefined;
}

function moduleNotFound(error: Error & { url?: string }): Finding {
  const [, what = '', importer = ''] =
    /^Cannot find (?:module|package) '(.+)' imported from (.+)$/.exec(error.message) ?? [];
  const path = importer.startsWith('file:') ? fileURLToPath(importer) : importer;
  const isPackage = error.url === undefined;
  return {
    place: importOf(what, path),
    message: isPackage ? `there is no package '${what}'` : `there is no module ${nearby(what)}`,
    hint: isPackage
      ? `Install it beside the file: npm install ${what}`
      : 'Correct the path. It is relative to the importing file.',
  };
}

/** The line of the module at `path` that imports `what`, which is a package name or a path. */
function importOf(what: string, path: string): Place | undefined {
  if (path === '') return undefined;
  const url = pathToFileURL(path).href;
  const lines = readFileSync(path, 'utf8').split('\n');
  const names = (specifier: string) =>
    specifier.startsWith('.') ? new URL(specifier, url).href === pathToFileURL(what).href : specifier.startsWith(what);
  const line = lines.findIndex((text) => [...text.matchAll(/['"]([^'"]+)['"]/g)].some(([, word = '']) => names(word)));
  return line === -1 ? { url } : { url, line: line + 1 };
}
