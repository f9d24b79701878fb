/** Locates errors in the user's own modules. */

/** A position in a module. Lines and columns count from 1. */
export interface Place {
  readonly url: string;
  readonly line?: number;
  readonly column?: number;
}

/** The folder of Rectio's compiled modules. */
const ownRoot = new URL('..', import.meta.url).href;

/** Whether a module belongs to the user, and not to Rectio or an installed package. */
export function isUsersOwn(url: string): boolean {
  return url.startsWith('file:') && !url.startsWith(ownRoot) && !url.includes('/node_modules/');
}

/** The innermost stack frame in the user's own code. */
export function placeInStack(stack: string): Place | undefined {
  for (const [, url = '', line, column] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+)(?::(\d+))?(?=[\s)]|$)/g)) {
    if (isUsersOwn(url))
      return { url, line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) };
  }
  return undefined;
}
