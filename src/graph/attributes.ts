/** Checks the attributes of ops. The shape rules check whether attributes fit the op's inputs. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import type { Op } from './op.js';
import { isOpKind, opKinds, opTable } from './op-table.js';
import type { AttributeType } from './ops/attribute-types.js';
import { show } from './show.js';

/**
 * Returns a copy of the value as an op.
 * @throws RectioError `graph` naming the node and the attribute that is missing, unknown or invalid.
 */
export function checkOp(node: string, value: { readonly [attribute: string]: unknown }): Op {
  const { kind } = value;
  if (!isOpKind(kind)) {
    throw new RectioError(
      'graph',
      `Node ${node}: there is no op ${show(kind)}`,
      didYouMean(typeof kind === 'string' ? kind : '', opKinds),
    );
  }
  const types: { readonly [attribute: string]: AttributeType } = opTable[kind].attributes;
  for (const attribute of Object.keys(value)) {
    if (attribute !== 'kind' && !Object.hasOwn(types, attribute)) {
      const names = Object.keys(types);
      throw new RectioError(
        'graph',
        `Node ${node} (${kind}): there is no attribute ${show(attribute)}`,
        names.length > 0 ? didYouMean(attribute, names) : `A ${kind} has no attributes; remove it.`,
      );
    }
  }
  const op: { [attribute: string]: unknown } = { kind };
  for (const [attribute, type] of Object.entries(types)) {
    const given = Object.hasOwn(value, attribute) ? value[attribute] : undefined;
    if (!type.accepts(given)) {
      throw new RectioError(
        'graph',
        `Node ${node} (${kind}): ${attribute} is ${show(given)}`,
        `Give ${attribute} as ${type.expected}.`,
      );
    }
    op[attribute] = Array.isArray(given) ? [...given] : given;
  }
  return op as unknown as Op;
}
