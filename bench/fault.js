/**
 * Injects one fault into a process, at a chosen file operation. Loaded before everything else:
 *
 *     NODE_OPTIONS='--import /…/bench/fault.js' RECTIO_FAULT=KIND:N RECTIO_FAULT_MARK=FILE rectio …
 *
 * Counts the calls that change files (`node:fs/promises`, the main thread alone) and strikes at the N-th:
 *
 *     kill-before, kill-after   SIGKILL before or after the call
 *     kill-within               SIGKILL halfway through a write or the removal of a folder
 *     EIO, ENOSPC               the call fails once; a write that fails has written half
 *     full                      from this call on, everything that needs space fails with ENOSPC
 *     short                     a write writes half and says so, as POSIX allows
 *     list                      nothing; the operations are written into FILE, a line each
 *
 * If the N-th call is not one that can fail in this way, the next one that can is taken. FILE is created when the fault
 * strikes, and says at what; if it is there already, nothing happens: of several processes with the same environment, one is
 * struck. With RECTIO_FAULT_COMMAND=train only processes of that command count.
 */

import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const { RECTIO_FAULT: fault = '', RECTIO_FAULT_MARK: mark = '', RECTIO_FAULT_COMMAND: only } = process.env;
const [kind = '', number] = fault.split(':');
const strikeAt = Number(number);

let count = 0;
let full = false;
let struck = false;
/** @type {string[]} */
const seen = [];

/** What takes space on the disk. */
const needsSpace = new Set(['open', 'writeFile', 'appendFile', 'mkdir', 'link', 'rename', 'write', 'sync', 'datasync']);
const writes = new Set(['write', 'writeFile', 'appendFile']);

/** Whether an operation can have the fault. @param {string} name */
function fits(name) {
  if (kind === 'ENOSPC' || kind === 'full') return needsSpace.has(name);
  return kind !== 'short' || name === 'write';
}

/** @param {string} name @param {string} path */
function strikes(name, path) {
  count++;
  if (kind === 'list') seen.push(`${name} ${path}`);
  if (kind === 'list' || struck || count < strikeAt || !fits(name)) return false;
  struck = true;
  try {
    fs.writeFileSync(mark, `${kind}:${count} ${name} ${path}\n`, { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** @returns {Promise<never>} */
function die() {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

/** An error as Node makes it. @param {string} code @param {string} syscall @param {string} path */
function systemError(code, syscall, path) {
  const errno = code === 'EIO' ? -5 : -28;
  const words = code === 'EIO' ? 'i/o error' : 'no space left on device';
  return Object.assign(new Error(`${code}: ${words}, ${syscall} '${path}'`), { errno, code, syscall, path });
}

/**
 * Does a call, or what the fault makes of it.
 * @template T
 * @param {{ name: string, path: string, whole: () => Promise<T>, half: (() => void) | undefined, short?: () => Promise<T> }} call
 *   `half` does half of it at once
 * @returns {Promise<T>}
 */
async function perform({ name, path, whole, half, short }) {
  const now = strikes(name, path);
  if (now && kind === 'full') full = true;
  if (full && needsSpace.has(name)) throw systemError('ENOSPC', name, path);
  if (!now) return whole();
  if (kind === 'kill-before') return die();
  if (kind === 'kill-within') {
    half?.();
    return die();
  }
  if (kind === 'kill-after') {
    await whole().catch(() => undefined);
    return die();
  }
  if (kind === 'short') return (short ?? whole)();
  // A handle is closed even where closing reports a fault, which is that of an earlier write.
  if (name === 'close') await whole();
  else if (writes.has(name)) half?.();
  throw systemError(kind, name, path);
}

/** @param {unknown} data */
function halfOf(data) {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : ArrayBuffer.isView(data) ? bytesOf(data) : Buffer.alloc(0);
  return bytes.subarray(0, bytes.length >> 1);
}

/** @param {ArrayBufferView} view */
function bytesOf(view) {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/** Removes half of what a folder holds. @param {string} path */
function removeHalf(path) {
  if (!fs.existsSync(path) || !fs.statSync(path).isDirectory()) return;
  const entries = fs.readdirSync(path);
  for (const entry of entries.slice(0, Math.ceil(entries.length / 2))) {
    fs.rmSync(join(path, entry), { recursive: true, force: true });
  }
}

/** @type {Readonly<Record<string, (path: string, data: unknown) => void>>} */
const halves = {
  writeFile: (path, data) => fs.writeFileSync(path, halfOf(data)),
  appendFile: (path, data) => fs.appendFileSync(path, halfOf(data)),
  rm: removeHalf,
};

/** Whether flags of `open` let the file be written. @param {unknown} flags */
function forWriting(flags) {
  if (typeof flags === 'number') return (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
  return flags !== undefined && flags !== 'r';
}

/** Handles that are open for writing, and their paths. @type {WeakMap<object, string>} */
const open = new WeakMap();

/**
 * @param {Record<string, any>} target
 * @param {string} name
 * @param {(original: (...args: any[]) => Promise<any>) => (this: any, ...args: any[]) => Promise<any>} wrap
 */
function replace(target, name, wrap) {
  target[name] = wrap(target[name]);
}

function patchFunctions() {
  for (const name of ['writeFile', 'appendFile', 'rename', 'rm', 'rmdir', 'unlink', 'mkdir', 'link', 'truncate']) {
    replace(promises, name, (original) => (path, ...rest) => {
      const half = halves[name];
      const whole = () => original(path, ...rest);
      return perform({ name, path: String(path), whole, half: half && (() => half(String(path), rest[0])) });
    });
  }
  replace(promises, 'open', (original) => async (path, flags, ...rest) => {
    const whole = () => original(path, flags, ...rest);
    if (!forWriting(flags)) return whole();
    const handle = await perform({ name: 'open', path: String(path), whole, half: undefined });
    open.set(handle, String(path));
    return handle;
  });
}

/** @param {object} prototype of file handles */
function patchHandles(prototype) {
  for (const name of ['writeFile', 'appendFile', 'sync', 'datasync', 'truncate', 'close']) {
    replace(
      prototype,
      name,
      (original) =>
        function onHandle(...args) {
          const whole = () => original.apply(this, args);
          // Node itself closes handles that it opened to read.
          if (name === 'close' && !open.has(this)) return whole();
          const half = () => void (writes.has(name) && fs.writeSync(this.fd, halfOf(args[0])));
          return perform({ name, path: open.get(this) ?? 'a folder', whole, half });
        },
    );
  }
  replace(
    prototype,
    'write',
    (original) =>
      function onHandle(data, ...args) {
        const path = open.get(this) ?? '';
        const whole = () => original.call(this, data, ...args);
        if (typeof data === 'string') return perform({ name: 'write', path, whole, half: undefined });
        const [offset = 0, length = data.byteLength - offset, position = null] = args;
        const some = length > 1 ? length >> 1 : length;
        const half = () => void fs.writeSync(this.fd, data, offset, length >> 1, position);
        const short = () => original.call(this, data, offset, some, position);
        return perform({ name: 'write', path, whole, half, short });
      },
  );
}

if (isMainThread && fault !== '' && (only === undefined || process.argv[2] === only)) {
  const handle = await promises.open(process.execPath);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  patchFunctions();
  patchHandles(prototype);
  syncBuiltinESMExports();
  if (kind === 'list') process.on('exit', () => fs.writeFileSync(mark, seen.map((line) => `${line}\n`).join('')));
}
