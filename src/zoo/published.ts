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

/** torchvision scales layers by a parameter without a module of its own, and writes some 1×1 convolutions as linear layers. */
const convNeXtEntry: PublishedRule = ({ node, name, shape }) => {
  if (node.endsWith('.layer_scale')) return { name: node, shape: [...shape, 1, 1] };
  if (/\.block\.[35]\.weight$/.test(name)) return { name, shape: shape.slice(0, 2) };
  return { name, shape };
};

/** By the network's name. Networks that are not here have the names and shapes of their publication anyway. */
const publishedRules: { readonly [model: string]: PublishedRule } = {
  convnext_tiny: convNeXtEntry,
  convnext_small: convNeXtEntry,
};

/** The entry of a published file that holds this parameter of the network of that name in the zoo. */
export function publishedParameter(model: string, parameter: Parameter): PublishedParameter {
  const rule = Object.hasOwn(publishedRules, model) ? publishedRules[model] : undefined;
  return rule === undefined ? { name: parameter.name, shape: parameter.shape } : rule(parameter);
}

/** The auxiliary classifiers of Szegedy et al. (2015, 2016): they only help to train, and no network here has them. */
const auxiliaryHeads: { readonly [model: string]: RegExp } = {
  googlenet: /^aux[12]\./,
  inception_v3: /^AuxLogits\./,
};

/**
 * Whether published files of the network have an entry of this name that the network here leaves out on purpose: an
 * auxiliary head, or PyTorch's count of the batches that a batch norm has seen, which has a use only where running
 * statistics are plain averages over all batches.
 */
export function isLeftOut(model: string, entry: string): boolean {
  if (entry.endsWith('.num_batches_tracked')) return true;
  return Object.hasOwn(auxiliaryHeads, model) && auxiliaryHeads[model]!.test(entry);
}
