/**
 * Maps our parameters to the names and shapes in published weight files (state_dicts of torchvision, or of timm if
 * torchvision lacks the network). The values and their order are always the same. If a name or shape differs, the
 * network's family has a rule here. Reading and writing both use `publishedParameter`.
 */

import type { Parameter, Shape } from '../graph/index.js';

/** An entry in a published file. */
export interface PublishedParameter {
  readonly name: string;
  readonly shape: Shape;
}

type PublishedRule = (parameter: Parameter) => PublishedParameter;

/** In torchvision, layer scale is a parameter without its own module, and some 1×1 convolutions are linear layers. */
const convNeXtEntry: PublishedRule = ({ node, name, shape }) => {
  if (node.endsWith('.layer_scale')) return { name: node, shape: [...shape, 1, 1] };
  if (/\.block\.[35]\.weight$/.test(name)) return { name, shape: shape.slice(0, 2) };
  return { name, shape };
};

/** Rules by network name. All other networks already use the published names and shapes. */
const publishedRules: { readonly [model: string]: PublishedRule } = {
  convnext_tiny: convNeXtEntry,
  convnext_small: convNeXtEntry,
};

/** Returns the entry in a published file that holds a parameter of the named network. */
export function publishedParameter(model: string, parameter: Parameter): PublishedParameter {
  const rule = Object.hasOwn(publishedRules, model) ? publishedRules[model] : undefined;
  return rule === undefined ? { name: parameter.name, shape: parameter.shape } : rule(parameter);
}

/** The auxiliary classifiers of Szegedy et al. (2015, 2016). They serve only training, and no network here has them. */
const auxiliaryHeads: { readonly [model: string]: RegExp } = {
  googlenet: /^aux[12]\./,
  inception_v3: /^AuxLogits\./,
};

/**
 * Whether our network deliberately omits a published entry of this name: an auxiliary head, or PyTorch's counter of a
 * batch norm's batches. The counter matters only if running statistics are plain averages over all batches.
 */
export function isLeftOut(model: string, entry: string): boolean {
  if (entry.endsWith('.num_batches_tracked')) return true;
  return Object.hasOwn(auxiliaryHeads, model) && auxiliaryHeads[model]!.test(entry);
}
