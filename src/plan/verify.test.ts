import { describe, expect, it } from 'vitest';
import type { CallOf, KernelCall, Plan, TensorSpec } from './plan.js';
import { network, randomGraph, tinyResidual } from './testing/graphs.js';
import { trainingPlan } from './training.js';
import { verifyPlan } from './verify.js';
import { inferencePlan } from './inference.js';

const plan = trainingPlan(tinyResidual(), {
  batch: 2,
  clipNorm: 1,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0, decayNormsAndBiases: true },
});
const id = (name: string): number => plan.tensors.find((tensor) => tensor.name === name)!.id;
const at = (kind: string, node: string): number =>
  plan.calls.findIndex((call) => call.kind === kind && call.node === node);

/** The plan with `change` applied to one call. */
function withCall(kind: string, node: string, change: (call: never) => unknown): Plan {
  const index = at(kind, node);
  return { ...plan, calls: plan.calls.with(index, change(plan.calls[index] as never) as KernelCall) };
}
function withTensor(name: string, change: Partial<TensorSpec>): Plan {
  return { ...plan, tensors: plan.tensors.with(id(name), { ...plan.tensors[id(name)]!, ...change }) };
}
/** The plan with one more value in the bias of the first batch norm and in all tensors that share its shape. */
function withFiveBiases(): Plan {
  const tensors = plan.tensors.map((tensor) =>
    tensor.id === id('bn.bias') || tensor.of === id('bn.bias') ? { ...tensor, dims: [5] } : tensor,
  );
  return { ...plan, tensors };
}
type AnyCall = { in: object; out: object; update: object };

describe('verifyPlan', () => {
  it('accepts what the passes make', () => {
    expect(() => verifyPlan(plan)).not.toThrow();
    for (let seed = 300; seed < 320; seed++) {
      verifyPlan(trainingPlan(randomGraph(seed), { batch: 3 }));
      verifyPlan(inferencePlan(randomGraph(seed), { batch: 3 }));
    }
  });

  it.each<[complaint: string, broken: Plan]>([
    [
      'has tensor 999 as x, of',
      withCall('convolution', 'conv', (call: AnyCall) => ({ ...call, in: { ...call.in, x: 999 } })),
    ],
    [
      'convolution of conv, lacks weight',
      withCall('convolution', 'conv', (call: AnyCall) => ({ ...call, in: { x: id('images') } })),
    ],
    [
      'reads block.relu1 before it is written',
      withCall('convolution', 'block.conv1', (call: AnyCall) => ({
        ...call,
        in: { ...call.in, x: id('block.relu1') },
      })),
    ],
    [
      'writes relu a second time',
      withCall('batchNorm', 'block.bn1', (call: AnyCall) => ({ ...call, out: { ...call.out, y: id('relu') } })),
    ],
    [
      'has activation relu as weight',
      withCall('convolution', 'block.conv1', (call: AnyCall) => ({ ...call, in: { ...call.in, weight: id('relu') } })),
    ],
    [
      'has parameter bn.weight as velocity',
      withCall('sgd', 'bn.weight', (call: AnyCall) => ({
        ...call,
        update: { ...call.update, velocity: id('bn.weight') },
      })),
    ],
    [
      'updates bn.bias a second time',
      withCall('sgd', 'block.bn1.bias', (call: AnyCall) => ({
        ...call,
        in: { ...call.in, gradient: id('grad:bn.bias') },
        update: { parameter: id('bn.bias') },
      })),
    ],
    [
      'has grad:bn.bias, of another parameter, as gradient',
      withCall('sgd', 'bn.weight', (call: AnyCall) => ({ ...call, in: { ...call.in, gradient: id('grad:bn.bias') } })),
    ],
    [
      'batchNormGradient of bn, has a ReLU but neither its y nor the bias before it',
      withCall(
        'batchNormGradient',
        'bn',
        ({ in: { bias: _, ...slots }, ...call }: AnyCall & { in: { bias: number } }) => ({
          ...call,
          in: slots,
        }),
      ),
    ],
    [
      'batchNormGradient of bn, has bias but no ReLU',
      withCall('batchNormGradient', 'bn', (call: AnyCall) => ({ ...call, relu: false })),
    ],
    [
      'convolution of block.conv1, has the output [2, 4, 8, 8] instead of [2, 4, 6, 6]',
      withCall('convolution', 'block.conv1', (call: AnyCall & { window: object }) => ({
        ...call,
        window: { ...call.window, padding: [0, 0] },
      })),
    ],
    ['gradient grad:conv.weight belongs to conv.weight', withTensor('conv.weight', { dims: [4, 3, 3, 2] })],
    ['batchNorm of bn, has bias [5] instead of [4]', withFiveBiases()],
    ['two tensors have the name fc', withTensor('relu', { name: 'fc' })],
    ['stands at', withTensor('relu', { id: 0 })],
    ['has dims [2, 0, 8, 8]', withTensor('relu', { dims: [2, 0, 8, 8] })],
    ['of type uint8 as', withTensor('relu', { type: 'uint8' })],
    ['gradient grad:bn.bias belongs to conv.weight', withTensor('grad:bn.bias', { of: id('conv.weight') })],
    ['activation relu belongs to bn.bias', withTensor('relu', { of: id('bn.bias') })],
    ['the output losses is missing', { ...plan, outputs: { correct: plan.outputs['correct']! } }],
    ['the output images is input', { ...plan, outputs: { ...plan.outputs, images: id('images') } }],
    ['reads targets before it is written', { ...plan, inputs: { images: id('images') } }],
    ['the input w is parameter', { ...plan, inputs: { ...plan.inputs, w: id('conv.weight') } }],
    ['takes the scalars step but its calls read learningRate', { ...plan, scalars: ['step'] }],
    ['has no place in an inference plan', { ...plan, mode: 'inference' }],
    ['nothing writes more', { ...plan, tensors: [...plan.tensors, { id: plan.tensors.length, name: 'more', role: 'activation', dims: [1], type: 'float32' }] }], // prettier-ignore
  ])('complains: %s', (complaint, broken) => {
    expect(() => verifyPlan(broken)).toThrow(complaint);
  });

  it('refuses a read of a parameter behind its update', () => {
    const moved = plan.calls.filter((call) => call.kind !== 'sgd');
    const norm = moved.findIndex(({ kind }) => kind === 'gradientNorm');
    const update = plan.calls.find((call) => call.kind === 'sgd' && call.node === 'fc.weight')!;
    const late = withCall('linearDataGradient', 'fc', (call: AnyCall) => call).calls.find((call) => call.kind === 'linearDataGradient')!; // prettier-ignore
    const again = { ...late, out: { dx: plan.tensors.length } } as KernelCall;
    const extra: TensorSpec = {
      id: plan.tensors.length,
      name: 'again',
      role: 'activation',
      dims: [2, 4],
      type: 'float32',
    };
    const calls = [...moved.slice(0, norm + 1), update, again];
    const used = { ...plan, calls, tensors: [...plan.tensors, extra] };
    expect(() => verifyPlan(used)).toThrow('linearDataGradient of fc, reads fc.weight behind its update');
  });

  it('is a RectioError of code plan', () => {
    expect(() => verifyPlan({ ...plan, scalars: [] })).toThrow(
      expect.objectContaining({ code: 'plan', message: expect.stringContaining('Plan tiny, training, batch 2') }),
    );
  });

  it('accepts pooling sizes rounded up, but no window that starts behind its input', () => {
    const pooled = (ceil: boolean) =>
      trainingPlan(
        network((net, x) => net.maxPool('pool', x, { kernel: 3, stride: 2, ceil })),
        { batch: 1 },
      );
    expect(() => pooled(true)).not.toThrow();
    const rounded = pooled(false);
    const window = { kernel: [3, 3], stride: [4, 4], padding: [0, 0] } as const;
    const broken = { ...rounded, calls: rounded.calls.with(0, { ...(rounded.calls[0] as CallOf<'maxPool'>), window }) };
    expect(() => verifyPlan(broken)).toThrow('slides 3 windows along 8 elements');
  });
});
