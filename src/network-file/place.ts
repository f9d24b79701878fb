/** Where in the user's own modules something happened. */

/** A position in a module; line and column count from 1. */
export interface Place {
  readonly url: string;
  readonly line?: number;
  readonly column?: number;
}

/** The folder of Rectio's compiled modules. */
const ownRoot = new URL('..', import.meta.url).href;

/** Whether a module is the user's: a file that belongs neither to Rectio nor to an installed package. */
export function isUsersOwn(url: string): boolean {
  return url.startsWith('file:') && !url.startsWith(ownRoot) && !url.includes('/node_modules/');
}

/** The innermost of the user's own lines in a stack. */
export function placeInStack(stack: string): Place | undefined {
  for (const [, url = '', line, column] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+)(?::(\d+))?(?=[\s)]|$)/g)) {
    if (isUsersOwn(url))
      return { url, line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) };
  }
  return undefined;
}
