/** Finding networks by a part of their name. */

import { RectioError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import { matching } from '../base/wildcard.js';
import { modelNames } from './index.js';

/**
 * The names of the networks that `pattern` means, in the zoo's order: one that matches it as a whole where it has a `*`
 * or `?`, else one that contains it. Case does not count, nor the difference of `-` and `_`.
 * @throws RectioError `usage` where there is none.
 */
export function findModels(pattern: string): string[] {
  const wanted = pattern.toLowerCase().replaceAll('-', '_');
  const found = /[*?]/.test(wanted) ? matching(wanted, modelNames) : modelNames.filter((name) => name.includes(wanted));
  if (found.length > 0) return found;
  const near = nearest(wanted.replaceAll(/[*?]/g, ''), modelNames);
  throw new RectioError(
    'usage',
    `No network is named like '${pattern}'`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Leave the pattern out to see all of them.',
  );
}
