/** Finds networks by part of their name. */

import { RectioError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import { matching } from '../base/wildcard.js';
import { modelNames } from './index.js';

/**
 * Finds the names that match `pattern`, in the zoo's order. A pattern with `*` or `?` must match the whole name; any
 * other pattern may occur anywhere in it. Ignores case and treats `-` and `_` alike.
 * @throws RectioError `usage` if no name matches
 */
export function findModels(pattern: string): string[] {
  const wanted = pattern.toLowerCase().replaceAll('-', '_');
  const found = /[*?]/.test(wanted) ? matching(wanted, modelNames) : modelNames.filter((name) => name.includes(wanted));
  if (found.length > 0) return found;
  const near = nearest(wanted.replaceAll(/[*?]/g, ''), modelNames);
  throw new RectioError(
    'usage',
    `No network is named like '${pattern}'`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Leave out the pattern to see all networks.',
  );
}
