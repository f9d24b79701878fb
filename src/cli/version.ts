/** Rectio's own version. */

import { readFileSync } from 'node:fs';

/** From package.json, which lies beside dist and src alike. */
export function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
