/** Checks that a plan keeps the rules that engines rely on. Linear in its size: always on. */

import { RectioError } from '../base/error.js';
import type { Pair, Shape } from '../graph/op.js';
import { kernelFacts, scalarsRead, type Slots } from './kernels.js';
import {
  type CallOf,
  type ConvolutionWindow,
  type KernelCall,
  type KernelKind,
  persistentRoles,
  type Plan,
  type TensorRole,
  type TensorSpec,
  type Window,
} from './plan.js';

/** What a rule asks of its call's tensors. `undefined` stands for an optional slot that is not used. */
interface Check {
  /** The dims of a tensor; refuses a tensor that has not as many dimensions as asked for. */
  dims(slot: string, id: number, rank?: number): Shape;
  /** Refuses a tensor of other dims. */
  expect(slot: string, id: number | undefined, dims: Shape): void;
  refuse(complaint: string): never;
}

type ShapeRule<K extends KernelKind> = (call: CallOf<K>, check: Check) => void;

/** Rules that ask all tensors of a call to have the dims of its first. */
function alike(check: Check, ids: Slots): void {
  const [[slot, id] = ['x', -1], ...others] = Object.entries(ids);
  const dims = check.dims(slot, id);
  for (const [other, otherId] of others) check.expect(other, otherId, dims);
}

const shapeRules: { readonly [K in KernelKind]: ShapeRule<K> } = {
  convolution: ({ in: { x, weight, bias, addend }, out: { y }, window }, check) => {
    const dims = check.dims('y', y, 4);
    convolution(check, window, check.dims('x', x, 4), check.dims('weight', weight, 4), dims);
    check.expect('bias', bias, [dims[1]!]);
    check.expect('addend', addend, dims);
  },
  convolutionDataGradient: ({ in: { dy, weight }, out: { dx }, window }, check) =>
    convolution(check, window, check.dims('dx', dx, 4), check.dims('weight', weight, 4), check.dims('dy', dy, 4)),
  convolutionWeightGradient: ({ in: { x, dy }, out: { dweight, dbias }, window }, check) => {
    const dims = check.dims('dy', dy, 4);
    convolution(check, window, check.dims('x', x, 4), check.dims('dweight', dweight, 4), dims);
    check.expect('dbias', dbias, [dims[1]!]);
  },

  linear: ({ in: { x, weight, bias }, out: { y } }, check) => {
    const [, outFeatures = 0] = linear(check, check.dims('x', x, 2), check.dims('y', y, 2), weight);
    check.expect('bias', bias, [outFeatures]);
  },
  linearDataGradient: ({ in: { dy, weight }, out: { dx } }, check) => {
    linear(check, check.dims('dx', dx, 2), check.dims('dy', dy, 2), weight);
  },
  linearWeightGradient: ({ in: { x, dy }, out: { dweight, dbias } }, check) => {
    const [, outFeatures = 0] = linear(check, check.dims('x', x, 2), check.dims('dy', dy, 2), dweight);
    check.expect('dbias', dbias, [outFeatures]);
  },

  batchNorm: ({ in: { x, weight, bias, addend }, out, update }, check) => {
    const dims = check.dims('x', x);
    check.expect('y', out.y, dims);
    check.expect('addend', addend, dims);
    vectors(check, dims[1]!, { weight, bias, mean: out.mean, inverseDeviation: out.inverseDeviation, ...update });
  },
  batchNormGradient: ({ in: { x, dy, dy2, y, bias, weight, mean, inverseDeviation }, out, relu }, check) => {
    const dims = check.dims('x', x);
    check.expect('dy', dy, dims);
    check.expect('dy2', dy2, dims);
    check.expect('y', y, dims);
    check.expect('dx', out.dx, dims);
    check.expect('daddend', out.daddend, dims);
    vectors(check, dims[1]!, { weight, mean, inverseDeviation, dweight: out.dweight, dbias: out.dbias });
    if (bias !== undefined) vectors(check, dims[1]!, { bias });
    if (!relu && (y ?? bias) !== undefined) check.refuse(`has ${y === undefined ? 'bias' : 'y'} but no ReLU`);
    if (relu && y === undefined && bias === undefined)
      check.refuse('has a ReLU but neither its y nor the bias before it');
    if (y !== undefined && bias !== undefined)
      check.refuse('has y and bias, of which one tells what the ReLU let through');
  },
  channelAffine: ({ in: { x, scale, shift, addend }, out: { y } }, check) => {
    const dims = check.dims('x', x);
    check.expect('y', y, dims);
    check.expect('addend', addend, dims);
    vectors(check, dims[1]!, { scale, shift });
  },

  layerNorm: ({ in: { x, weight, bias }, out: { y, mean, inverseDeviation } }, check) => {
    const dims = check.dims('x', x);
    check.expect('y', y, dims);
    vectors(check, dims[1]!, { weight, bias });
    positions(check, dims, { mean, inverseDeviation });
  },
  layerNormGradient: ({ in: { x, dy, weight, mean, inverseDeviation }, out: { dx, dweight, dbias } }, check) => {
    alike(check, { x, dy, dx });
    const dims = check.dims('x', x);
    vectors(check, dims[1]!, { weight, dweight, dbias });
    positions(check, dims, { mean, inverseDeviation });
  },
  localResponseNorm: ({ in: { x }, out: { y }, size }, check) => {
    check.expect('y', y, check.dims('x', x, 4));
    if (!(size >= 1)) check.refuse(`sums over ${size} channels`);
  },
  localResponseNormGradient: ({ in: { x, dy }, out: { dx }, size }, check) => {
    check.dims('x', x, 4);
    alike(check, { x, dy, dx });
    if (!(size >= 1)) check.refuse(`sums over ${size} channels`);
  },

  activation: ({ in: { x, weight }, out: { y }, function: { name } }, check) => {
    check.expect('y', y, check.dims('x', x));
    slopes(check, name === 'prelu', { weight }, check.dims('x', x)[1]!);
  },
  activationGradient: ({ in: { saved, dy, weight }, out: { dx, dweight }, function: { name } }, check) => {
    alike(check, { saved, dy, dx });
    slopes(check, name === 'prelu', { weight, dweight }, check.dims('saved', saved)[1]!);
  },

  sum: ({ in: terms, out: { y } }, check) => alike(check, { y, ...terms }),
  multiply: ({ in: { x, gate }, out: { y } }, check) => {
    const dims = check.dims('x', x, 4);
    check.expect('y', y, dims);
    check.expect('gate', gate, [dims[0]!, dims[1]!, 1, 1]);
  },
  multiplyGradient: ({ in: { x, gate, dy }, out: { dgate, dx } }, check) => {
    const dims = check.dims('x', x, 4);
    check.expect('dy', dy, dims);
    check.expect('dx', dx, dims);
    check.expect('gate', gate, [dims[0]!, dims[1]!, 1, 1]);
    check.expect('dgate', dgate, [dims[0]!, dims[1]!, 1, 1]);
  },
  concat: ({ in: terms, out: { y } }, check) => {
    const dims = check.dims('y', y);
    let channels = 0;
    for (const [slot, id] of Object.entries(terms)) {
      const own = check.dims(slot, id, dims.length)[1]!;
      check.expect(slot, id, withChannels(dims, own));
      channels += own;
    }
    check.expect('y', y, withChannels(dims, channels));
  },
  sliceChannels: ({ in: { x }, out: { y }, start }, check) => {
    const dims = check.dims('x', x);
    const channels = check.dims('y', y, dims.length)[1]!;
    check.expect('y', y, withChannels(dims, channels));
    if (!(start >= 0 && start + channels <= dims[1]!)) {
      check.refuse(`takes channels ${start} … ${start + channels - 1} of ${dims[1]}`);
    }
  },
  channelShuffle: ({ in: { x }, out: { y }, groups }, check) => {
    const dims = check.dims('x', x, 4);
    check.expect('y', y, dims);
    if (!(groups >= 1 && dims[1]! % groups === 0)) check.refuse(`shuffles ${dims[1]} channels in ${groups} groups`);
  },
  padChannels: ({ in: { x }, out: { y }, before }, check) => {
    const dims = check.dims('y', y);
    const channels = check.dims('x', x, dims.length)[1]!;
    check.expect('x', x, withChannels(dims, channels));
    if (!(before >= 0 && before + channels <= dims[1]!)) {
      check.refuse(`puts ${channels} channels behind ${before} into ${dims[1]}`);
    }
  },

  maxPool: ({ in: { x }, out: { y, index }, window }, check) => {
    pooling(check, window, check.dims('x', x, 4), check.dims('y', y, 4));
    check.expect('index', index, check.dims('y', y));
    if (window.kernel[0] * window.kernel[1] > 256) check.refuse('has windows of more than 256 elements');
  },
  maxPoolGradient: ({ in: { dy, index }, out: { dx }, window }, check) => {
    pooling(check, window, check.dims('dx', dx, 4), check.dims('dy', dy, 4));
    check.expect('index', index, check.dims('dy', dy));
  },
  averagePool: ({ in: { x }, out: { y }, window }, check) =>
    pooling(check, window, check.dims('x', x, 4), check.dims('y', y, 4)),
  averagePoolGradient: ({ in: { dy }, out: { dx }, window }, check) =>
    pooling(check, window, check.dims('dx', dx, 4), check.dims('dy', dy, 4)),
  globalAveragePool: ({ in: { x }, out: { y } }, check) => {
    const [batch, channels] = check.dims('x', x, 4);
    check.expect('y', y, [batch!, channels!, 1, 1]);
  },
  globalAveragePoolGradient: ({ in: { dy }, out: { dx } }, check) => {
    const [batch, channels] = check.dims('dx', dx, 4);
    check.expect('dy', dy, [batch!, channels!, 1, 1]);
  },

  adaptiveAveragePool: ({ in: { x }, out: { y } }, check) =>
    equal(check, 'batch and channels', check.dims('y', y, 4).slice(0, 2), check.dims('x', x, 4).slice(0, 2)),
  adaptiveAveragePoolGradient: ({ in: { dy }, out: { dx } }, check) =>
    equal(check, 'batch and channels', check.dims('dy', dy, 4).slice(0, 2), check.dims('dx', dx, 4).slice(0, 2)),

  flatten: ({ in: { x }, out: { y } }, check) => check.expect('y', y, flat(check.dims('x', x))),
  unflatten: ({ in: { x }, out: { y } }, check) => check.expect('x', x, flat(check.dims('y', y))),

  dropout: ({ in: { x }, out: { y }, rate }, check) => {
    check.expect('y', y, check.dims('x', x));
    if (!(rate >= 0 && rate < 1)) check.refuse(`drops at a rate of ${rate} instead of one in [0, 1)`);
  },

  scale: ({ in: { x, weight }, out: { y }, per }, check) => {
    const dims = check.dims('x', x);
    check.expect('y', y, dims);
    check.expect('weight', weight, factors(dims, per));
  },
  scaleGradient: ({ in: { x, weight, dy }, out: { dweight, dx }, per }, check) => {
    const dims = check.dims('x', x);
    check.expect('dy', dy, dims);
    check.expect('dx', dx, dims);
    check.expect('weight', weight, factors(dims, per));
    check.expect('dweight', dweight, factors(dims, per));
  },

  softmaxCrossEntropy: ({ in: { logits, targets }, out: { losses, correct, dlogits } }, check) => {
    const dims = check.dims('logits', logits, 2);
    check.expect('targets', targets, dims);
    check.expect('dlogits', dlogits, dims);
    check.expect('losses', losses, [dims[0]!]);
    check.expect('correct', correct, [dims[0]!]);
  },

  gradientNorm: ({ out: { norm } }, check) => check.expect('norm', norm, [1]),
  sgd: ({ in: { gradient, norm }, update: { parameter, velocity } }, check) => {
    alike(check, { parameter, gradient, ...(velocity === undefined ? {} : { velocity }) });
    check.expect('norm', norm, [1]);
  },
  adamw: ({ in: { gradient, norm }, update: { parameter, firstMoment, secondMoment } }, check) => {
    alike(check, { parameter, gradient, firstMoment, secondMoment });
    check.expect('norm', norm, [1]);
  },
  movingAverage: ({ in: { x }, update: { average } }, check) => alike(check, { x, average }),
};

function convolution(check: Check, window: ConvolutionWindow, x: Shape, weight: Shape, y: Shape): void {
  const { kernel, stride, padding, dilation, groups } = window;
  const [batch = 0, channels = 0, ...size] = x;
  const outChannels = y[1]!;
  if (channels % groups !== 0 || outChannels % groups !== 0) {
    check.refuse(`divides ${channels} → ${outChannels} channels into ${groups} groups`);
  }
  equal(check, 'the weight', weight, [outChannels, channels / groups, ...kernel]);
  const slid = size.map((length, axis) => {
    const reach = dilation[axis]! * (kernel[axis]! - 1) + 1;
    return Math.floor((length + 2 * padding[axis]! - reach) / stride[axis]!) + 1;
  });
  equal(check, 'the output', y, [batch, outChannels, ...slid]);
}

/** An output size may be rounded down or up, as long as the last window starts before the far padding. */
function pooling(check: Check, { kernel, stride, padding }: Window, x: Shape, y: Shape): void {
  equal(check, 'batch and channels', y.slice(0, 2), x.slice(0, 2));
  for (const axis of [0, 1] as const satisfies Pair) {
    const [length, windows] = [x[axis + 2]!, y[axis + 2]!];
    const steps = (length + 2 * padding[axis] - kernel[axis]) / stride[axis];
    const fits = windows === Math.floor(steps) + 1 || windows === Math.ceil(steps) + 1;
    if (!fits || (windows - 1) * stride[axis] >= length + padding[axis]) {
      check.refuse(`slides ${windows} windows along ${length} elements`);
    }
  }
}

function linear(check: Check, x: Shape, y: Shape, weight: number): Shape {
  equal(check, 'the batch', y.slice(0, 1), x.slice(0, 1));
  check.expect('weight', weight, [y[1]!, x[1]!]);
  return y;
}

function vectors(check: Check, channels: number, ids: Slots): void {
  for (const [slot, id] of Object.entries(ids)) check.expect(slot, id, [channels]);
}

/** One value for each position of each example. */
function positions(check: Check, [batch = 0, , ...size]: Shape, ids: Slots): void {
  for (const [slot, id] of Object.entries(ids)) check.expect(slot, id, [batch, size.reduce((a, b) => a * b, 1)]);
}

/** PReLU's slopes and their gradient: one for each channel, or one for all; no other function has any. */
function slopes(
  check: Check,
  learned: boolean,
  ids: { readonly [slot: string]: number | undefined },
  channels: number,
) {
  for (const [slot, id] of Object.entries(ids)) {
    if (learned !== (id !== undefined)) check.refuse(learned ? `lacks ${slot}` : `takes no ${slot}`);
    if (id !== undefined) check.expect(slot, id, [check.dims(slot, id, 1)[0] === 1 ? 1 : channels]);
  }
}

function equal(check: Check, what: string, dims: Shape, expected: Shape): void {
  if (dims.length === expected.length && dims.every((size, axis) => size === expected[axis])) return;
  check.refuse(`has ${what} [${dims.join(', ')}] instead of [${expected.join(', ')}]`);
}

const withChannels = ([batch = 0, , ...rest]: Shape, channels: number): Shape => [batch, channels, ...rest];
const flat = ([batch = 0, ...rest]: Shape): Shape => [batch, rest.reduce((a, b) => a * b, 1)];
const factors = ([, channels = 0, ...size]: Shape, per: 'channel' | 'element'): Shape =>
  per === 'channel' ? [channels] : [channels, ...size];

type Keys<T> = T extends unknown ? keyof T : never;
type SlotName = Exclude<Keys<KernelCall['in'] | KernelCall['out'] | KernelCall['update']>, `x${number}`>;

const features: readonly TensorRole[] = ['activation', 'input'];

/** Which roles a tensor in each slot may have. Total over the slots of all kernels. */
const slotRoles: { readonly [S in SlotName]: readonly TensorRole[] } = {
  x: features,
  y: ['activation'],
  dy: ['activation'],
  dy2: ['activation'],
  dx: ['activation'],
  gate: ['activation'],
  dgate: ['activation'],
  addend: features,
  daddend: ['activation'],
  saved: features,
  index: ['activation'],
  logits: ['activation'],
  targets: ['input'],
  dlogits: ['activation'],
  weight: ['parameter'],
  bias: ['parameter'],
  scale: ['parameter'],
  shift: ['parameter'],
  dweight: ['gradient'],
  dbias: ['gradient'],
  gradient: ['gradient'],
  mean: ['small'],
  inverseDeviation: ['small'],
  losses: ['small'],
  correct: ['small'],
  norm: ['small'],
  runningMean: ['statistic'],
  runningVar: ['statistic'],
  parameter: ['parameter'],
  velocity: ['optimizer'],
  firstMoment: ['optimizer'],
  secondMoment: ['optimizer'],
  average: ['average'],
};

function rolesAllowed(kind: KernelKind, slot: string): readonly TensorRole[] {
  if (kind === 'movingAverage' && slot === 'x') return ['parameter', 'statistic'];
  if (kind === 'gradientNorm' && slot !== 'norm') return ['gradient'];
  return slotRoles[slot as SlotName] ?? features;
}

/** Roles whose tensors share the shape of another, and the roles that other may have. */
const ownerRoles: { readonly [R in TensorRole]?: readonly TensorRole[] } = {
  gradient: ['parameter'],
  optimizer: ['parameter'],
  average: ['parameter', 'statistic'],
};

/**
 * Ids in range, names unique, every tensor written once and before it is read, persistent ones only updated (once,
 * and behind every call that needs the old value), shapes and roles of every call consistent, inputs, outputs and
 * scalars complete.
 * @throws RectioError `plan` naming the call and what is wrong with it
 */
export function verifyPlan(plan: Plan): void {
  const refuse = (complaint: string): never => {
    throw new RectioError(
      'plan',
      `Plan ${plan.name}: ${complaint}.`,
      'This is a defect of the pass that made the plan, please report it.',
    );
  };
  verifyTensors(plan, refuse);

  const written = new Set<number>(Object.values(plan.inputs));
  const updated = new Set<number>();
  for (const { id, role } of plan.tensors) if (persistentRoles.has(role)) written.add(id);

  plan.calls.forEach((call, index) => {
    const complain = (complaint: string): never => refuse(`call ${index}, ${call.kind} of ${call.node}, ${complaint}`);
    const tensor = (slot: string, id: number): TensorSpec => {
      const found = plan.tensors[id];
      if (!found) return complain(`has tensor ${id} as ${slot}, of ${plan.tensors.length} tensors`);
      if (!rolesAllowed(call.kind, slot).includes(found.role)) complain(`has ${found.role} ${found.name} as ${slot}`);
      if ((found.type === 'uint8') !== (slot === 'index'))
        complain(`has ${found.name} of type ${found.type} as ${slot}`);
      return found;
    };
    for (const [slot, id] of Object.entries(call.in as Slots)) {
      const { name } = tensor(slot, id);
      if (!written.has(id)) complain(`reads ${name} before it is written`);
      if (updated.has(id) && call.kind !== 'movingAverage') complain(`reads ${name} behind its update`);
    }
    for (const [slot, id] of Object.entries(call.update as Slots)) {
      const { name } = tensor(slot, id);
      if (updated.has(id)) complain(`updates ${name} a second time`);
      updated.add(id);
    }
    for (const [slot, id] of Object.entries(call.out as Slots)) {
      const { name } = tensor(slot, id);
      if (written.has(id)) complain(`writes ${name} a second time`);
      written.add(id);
    }
    const dims = (slot: string, id: number, rank?: number): Shape => {
      const { name, dims: own } = plan.tensors[id] ?? complain(`lacks ${slot}`);
      if (rank !== undefined && own.length !== rank) complain(`has ${name} of ${own.length} dimensions as ${slot}`);
      return own;
    };
    const check: Check = {
      dims,
      expect: (slot, id, expected) => {
        if (id !== undefined) equal(check, slot, dims(slot, id), expected);
      },
      refuse: complain,
    };
    (shapeRules[call.kind] as (call: KernelCall, check: Check) => void)(call, check);
    verifyOwners(plan, call, complain);
    if (plan.mode === 'inference' && !['forward', 'inference'].includes(kernelFacts[call.kind].phase)) {
      complain('has no place in an inference plan');
    }
  });

  verifyEnds(plan, written, refuse);
}

type Refuse = (complaint: string) => never;

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

/** Gradients, moments and averages that a call brings together belong to the tensor it works on. */
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

/** A plan without loss is a fragment, as engines are tested with: it gives back what it likes. */
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
