/** Checks the rules for plans that engines rely on. Takes time linear in the plan's size, so it is always on. */

import { RectioError } from '../base/error.js';
import { applyRule, column } from '../base/rules.js';
import { kernelTable, scalarsRead } from './kernels.js';
import { rolesAllowed } from './kernels/roles.js';
import { type Check, equal, type Slots } from './kernels/row.js';
import { type KernelCall, persistentRoles, type Plan, type TensorRole, type TensorSpec } from './plan.js';

type Refuse = (complaint: string) => never;

const shapeRules = column(kernelTable, 'shapes');

/** Roles whose tensors share the shape of a tensor `of`, and the roles that this may have. */
const ownerRoles: { readonly [R in TensorRole]?: readonly TensorRole[] } = {
  gradient: ['parameter'],
  optimizer: ['parameter'],
  average: ['parameter', 'statistic'],
};

/**
 * Checks that ids are in range and names unique; that every tensor is written once and before it is read; that
 * persistent tensors are updated at most once, after every call that needs the old value; that shapes and roles of
 * every call are consistent; and that inputs, outputs and scalars are complete.
 * @throws RectioError `plan` naming the call and what is wrong with it
 */
export function verifyPlan(plan: Plan): void {
  const refuse: Refuse = (complaint) => {
    throw new RectioError(
      'plan',
      `Plan ${plan.name}: ${complaint}.`,
      'This is a defect in the pass that made the plan; please report it.',
    );
  };
  verifyTensors(plan, refuse);
  const persistent = plan.tensors.filter(({ role }) => persistentRoles.has(role)).map(({ id }) => id);
  const progress = { written: new Set([...Object.values(plan.inputs), ...persistent]), updated: new Set<number>() };
  plan.calls.forEach((call, index) => {
    const complain: Refuse = (complaint) => refuse(`call ${index}, ${call.kind} of ${call.node}, ${complaint}`);
    verifyOrder(plan, call, progress, complain);
    applyRule(shapeRules, call, checkFor(plan, complain));
    verifyOwners(plan, call, complain);
    if (plan.mode === 'inference' && !['forward', 'inference'].includes(kernelTable[call.kind].phase)) {
      complain('has no place in an inference plan');
    }
  });
  verifyEnds(plan, progress.written, refuse);
}

/** Ids of the tensors that have a value so far, and of those that were updated. */
interface Progress {
  readonly written: Set<number>;
  readonly updated: Set<number>;
}

/** Checks that the call's tensors exist and may be read or written at this point; records its writes in the progress. */
function verifyOrder(plan: Plan, call: KernelCall, { written, updated }: Progress, complain: Refuse): void {
  const nameOf = (slot: string, id: number): string => tensorIn(plan, call, slot, id, complain).name;
  for (const [slot, id] of Object.entries<number>(call.in)) {
    const name = nameOf(slot, id);
    if (!written.has(id)) complain(`reads ${name} before it is written`);
    if (updated.has(id) && call.kind !== 'movingAverage') complain(`reads ${name} behind its update`);
  }
  for (const [slot, id] of Object.entries<number>(call.update)) {
    const name = nameOf(slot, id);
    if (updated.has(id)) complain(`updates ${name} a second time`);
    updated.add(id);
  }
  for (const [slot, id] of Object.entries<number>(call.out)) {
    const name = nameOf(slot, id);
    if (written.has(id)) complain(`writes ${name} a second time`);
    written.add(id);
  }
}

/** The tensor in a slot of the call; refuses one that does not exist or has the wrong role or type. */
function tensorIn({ tensors }: Plan, call: KernelCall, slot: string, id: number, complain: Refuse): TensorSpec {
  const found = tensors[id] ?? complain(`has tensor ${id} as ${slot}, of ${tensors.length} tensors`);
  const { name, role, type } = found;
  if (!rolesAllowed(call.kind, slot).includes(role)) complain(`has ${role} ${name} as ${slot}`);
  if ((type === 'uint8') !== (slot === 'index')) complain(`has ${name} of type ${type} as ${slot}`);
  return found;
}

/** The tools for the shape rule of a call. */
function checkFor({ tensors }: Plan, refuse: Refuse): Check {
  const dims: Check['dims'] = (slot, id, rank) => {
    const { name, dims: own } = tensors[id] ?? refuse(`lacks ${slot}`);
    if (rank !== undefined && own.length !== rank) refuse(`has ${name} of ${own.length} dimensions as ${slot}`);
    return own;
  };
  return {
    dims,
    expect: (slot, id, expected) => {
      if (id !== undefined) equal({ refuse }, slot, dims(slot, id), expected);
    },
    refuse,
  };
}

function verifyTensors({ tensors }: Plan, refuse: Refuse): void {
  const names = new Set<string>();
  tensors.forEach(({ id, name, role, dims, of }, index) => {
    if (id !== index) refuse(`tensor ${name} stands at ${index} but has id ${id}`);
    if (names.has(name)) refuse(`two tensors have the name ${name}`);
    names.add(name);
    if (dims.length === 0 || !dims.every((size) => Number.isInteger(size) && size > 0)) {
      refuse(`tensor ${name} has dims [${dims.join(', ')}]`);
    }
    const allowed = ownerRoles[role];
    const owner = of === undefined ? undefined : tensors[of];
    if (!allowed && of === undefined) return;
    if (!owner || !allowed?.includes(owner.role) || owner.dims.join() !== dims.join()) {
      refuse(`${role} ${name} belongs to ${owner?.name ?? 'no tensor'}`);
    }
  });
}

/** Checks that the gradients, moments and averages of a call belong to the parameter that it updates. */
function verifyOwners({ tensors }: Plan, call: KernelCall, complain: Refuse): void {
  const slots: Slots = { ...call.in, ...call.out, ...call.update };
  const owned: { readonly [slot: string]: number | undefined } = {
    gradient: slots['parameter'],
    velocity: slots['parameter'],
    firstMoment: slots['parameter'],
    secondMoment: slots['parameter'],
    average: slots['x'],
  };
  for (const [slot, owner] of Object.entries(owned)) {
    const tensor = tensors[slots[slot] ?? -1];
    if (tensor && tensor.of !== owner) complain(`has ${tensor.name}, of another parameter, as ${slot}`);
  }
}

/** Outputs that the plan must have. A training plan without a loss is a fragment for testing engines and needs none. */
function outputsNeeded({ mode, calls }: Plan): readonly string[] {
  if (mode === 'inference') return ['logits'];
  return calls.some(({ kind }) => kind === 'softmaxCrossEntropy') ? ['losses', 'correct'] : [];
}

function verifyEnds(plan: Plan, written: ReadonlySet<number>, refuse: Refuse): void {
  for (const { id, name } of plan.tensors) if (!written.has(id)) refuse(`nothing writes ${name}`);
  for (const [name, id] of Object.entries(plan.inputs)) {
    const { role, type } = plan.tensors[id] ?? refuse(`the input ${name} is no tensor`);
    if (persistentRoles.has(role)) refuse(`the input ${name} is ${role}, which is written by name`);
    if (type !== 'float32') refuse(`the input ${name} is of type ${type}`);
  }
  for (const name of outputsNeeded(plan)) if (!(name in plan.outputs)) refuse(`the output ${name} is missing`);
  for (const [name, id] of Object.entries(plan.outputs)) {
    const { role } = plan.tensors[id] ?? refuse(`the output ${name} is no tensor`);
    if (role === 'input' || persistentRoles.has(role)) refuse(`the output ${name} is ${role}, which no call writes`);
  }
  const scalars = scalarsRead(plan.calls);
  if (plan.scalars.toSorted().join() !== scalars.join()) {
    refuse(`takes the scalars ${plan.scalars.join(', ')} but its calls read ${scalars.join(', ')}`);
  }
}
