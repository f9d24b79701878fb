/** The folder for files that Rectio can make again: downloads, decoded images, measurements. */

import { homedir } from 'node:os';
import { join } from 'node:path';

/** Below XDG_CACHE_HOME, by default `~/.cache`. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rectio');
}
