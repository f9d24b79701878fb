/**
 * How published files of weights (state_dicts of torchvision, of timm where torchvision lacks the network) call and
 * shape our parameters. The numbers and their order are always the same; where a name or a shape differs, the network's
 * family has a rule here. Reading and writing both go by it: what `publishedParameter` says is looked up in a file, and
 * is what a file gets.
 */

import type { Parameter, Shape } from '../graph/index.js';

/** An entry of a published file. */
export interface PublishedParameter {
  readonly name: string;
  readonly shape: Shape;
}

type PublishedRule = (parameter: Parameter) => PublishedParameter;

/** By the network's name. Networks that are not here have the names and shapes of their publication anyway. */
const publishedRules: { readonly [model: string]: PublishedRule } = {};

/** The entry of a published file that holds this parameter of the network of that name. */
export function publishedParameter(model: string, parameter: Parameter): PublishedParameter {
  const rule = Object.hasOwn(publishedRules, model) ? publishedRules[model] : undefined;
  return rule === undefined ? { name: parameter.name, shape: parameter.shape } : rule(parameter);
}

/**
 * Whether an entry of a published file is PyTorch's count of the batches that a batch norm has seen. It has a use only
 * where running statistics are plain averages over all batches, which no network here does.
 */
export function isBatchCount(name: string): boolean {
  return name.endsWith('.num_batches_tracked');
}
