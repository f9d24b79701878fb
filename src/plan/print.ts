/** Plans as text, one line per call, for people and for snapshot tests. */

import type { Slots } from './kernels.js';
import {
  type ActivationFunction,
  type ConvolutionWindow,
  type KernelCall,
  type Plan,
  persistentRoles,
} from './plan.js';

/** Slots that are printed with their name because their position does not identify them. */
const labeled = { read: new Set(['addend', 'dy2', 'y', 'norm']), written: new Set(['daddend', 'index']) };

/**
 * `conv1            convolution         images[128,3,32,32] conv1.weight -> conv1[128,16,32,32]  3x3 s1 p1`:
 * node, kernel, tensors read, tensors written, tensors updated (`~>`), attributes.
 */
export function printPlan(plan: Plan): string {
  const ends = (slots: Slots): string =>
    Object.entries(slots)
      .map(([name, id]) => (plan.tensors[id]?.name === name ? name : `${name}=${plan.tensors[id]?.name}`))
      .join(' ');
  const nodeWidth = Math.max(...plan.calls.map(({ node }) => node.length));
  const kindWidth = Math.max(...plan.calls.map(({ kind }) => kind.length));
  return [
    `plan ${plan.name}`,
    `inputs: ${ends(plan.inputs)}`,
    `outputs: ${ends(plan.outputs)}`,
    `scalars: ${plan.scalars.join(' ') || 'none'}`,
    ...plan.calls.map(
      (call) => `${call.node.padEnd(nodeWidth)}  ${call.kind.padEnd(kindWidth)}  ${callText(plan, call)}`,
    ),
    '',
  ].join('\n');
}

function callText(plan: Plan, call: KernelCall): string {
  const tensors = (slots: Slots, labels: ReadonlySet<string>): string[] =>
    Object.entries(slots).map(([slot, id]) => {
      const { name, role, dims } = plan.tensors[id]!;
      const shape = persistentRoles.has(role) || role === 'gradient' ? '' : `[${dims.join()}]`;
      return `${labels.has(slot) ? `${slot}=` : ''}${name}${shape}`;
    });
  const written = tensors(call.out, labeled.written);
  const updated = tensors(call.update, labeled.written);
  const flow = [
    ...tensors(call.in, labeled.read),
    ...(written.length > 0 ? ['->', ...written] : []),
    ...(updated.length > 0 ? ['~>', ...updated] : []),
  ].join(' ');
  const attributes = attributesText(call);
  return attributes === '' ? flow : `${flow}  ${attributes}`;
}

/** Attributes that are false or 0 are left out. */
function attributesText(call: KernelCall): string {
  const { kind: _kind, node: _node, in: _in, out: _out, update: _update, ...attributes } = call;
  return Object.entries(attributes)
    .flatMap(([name, value]: [string, unknown]) => {
      if (name === 'window') return [windowText(value as ConvolutionWindow)];
      if (name === 'function') return [functionText(value as ActivationFunction)];
      if (value === true) return [name];
      return value === false || value === 0 ? [] : [`${name} ${value as string | number}`];
    })
    .join(' ');
}

/** Dilation and groups are left out if they are 1. */
function windowText({ kernel, stride, padding, dilation = [1, 1], groups = 1 }: ConvolutionWindow): string {
  const pair = ([height, width]: readonly [number, number]) => (height === width ? `${height}` : `${height}x${width}`);
  const parts = [kernel.join('x'), `s${pair(stride)}`, `p${pair(padding)}`];
  if (pair(dilation) !== '1') parts.push(`d${pair(dilation)}`);
  if (groups !== 1) parts.push(`g${groups}`);
  return parts.join(' ');
}

function functionText(f: ActivationFunction): string {
  return f.name === 'leakyRelu' ? `${f.name} ${f.slope}` : f.name;
}
