import { describe, expect, it } from 'vitest';
import { trainingPlan, type CallOf, type KernelCall, type KernelKind, type Plan } from '../../plan/index.js';
import { kernelTable } from '../../plan/kernels.js';
import { constant, filled, normal, relativeError } from '../../testing/index.js';
import { conformanceCases } from '../conformance-cases.js';
import { fragment, type Fragment, type Sketch } from '../conformance/fragment.js';
import { smallNetworks, type NetworkCase } from '../conformance/networks.js';
import { gradientTrial } from '../conformance/trials.js';
import { erf } from './activation.js';
import { runReference, type ReferenceResult } from './run.js';

/** Sums of float64 numbers that differ only in the order of their terms. */
const EXACT = 1e-12;

function evaluate({ plan, inputs, persistent, runs }: Fragment): ReferenceResult {
  return runReference(plan, new Map([...persistent, ...Object.entries(inputs)]), runs[0]);
}

const dotProduct = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** A fragment of calls whose inputs are the numbers given. */
function given(
  values: { readonly [name: string]: readonly number[] },
  calls: (sketch: Sketch) => readonly KernelCall[],
  scalars = {},
): ReferenceResult {
  const { plan } = fragment('by hand', calls, { runs: [scalars] });
  return runReference(plan, new Map(Object.entries(values)), scalars);
}

const output = ({ outputs }: ReferenceResult, name: string): number[] => [...outputs.get(name)!];
const persistentValue = ({ persistent }: ReferenceResult, name: string): number[] => [...persistent.get(name)!];

describe('convolution', () => {
  /** The literal definition: every output is a sum over group channels and kernel positions. */
  function definition(call: CallOf<'convolution'>, { plan, inputs, persistent }: Fragment): Float64Array {
    const values = (id: number | undefined): Float32Array | undefined => {
      if (id === undefined) return undefined;
      const { name } = plan.tensors[id]!;
      return inputs[name] ?? persistent.get(name);
    };
    const [batch, channels, height, width] = plan.tensors[call.in.x]!.dims as [number, number, number, number];
    const [, outChannels, outHeight, outWidth] = plan.tensors[call.out.y]!.dims as [number, number, number, number];
    const { kernel, stride, padding, dilation, groups } = call.window;
    const [x, weight, bias, addend] = [call.in.x, call.in.weight, call.in.bias, call.in.addend].map(values);
    const y = new Float64Array(batch * outChannels * outHeight * outWidth);
    for (let at = 0; at < y.length; at++) {
      const ox = at % outWidth;
      const oy = Math.floor(at / outWidth) % outHeight;
      const o = Math.floor(at / (outWidth * outHeight)) % outChannels;
      const n = Math.floor(at / (outWidth * outHeight * outChannels));
      const group = Math.floor(o / (outChannels / groups));
      let sum = bias?.[o] ?? 0;
      for (let c = 0; c < channels / groups; c++) {
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const iy = oy * stride[0] + ky * dilation[0] - padding[0];
            const ix = ox * stride[1] + kx * dilation[1] - padding[1];
            if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
            const channel = group * (channels / groups) + c;
            const tap = ((o * (channels / groups) + c) * kernel[0] + ky) * kernel[1] + kx;
            sum += x![((n * channels + channel) * height + iy) * width + ix]! * weight![tap]!;
          }
        }
      }
      sum += addend?.[at] ?? 0;
      y[at] = call.relu ? Math.max(sum, 0) : sum;
    }
    return y;
  }

  for (const row of conformanceCases.convolution) {
    it(`follows its definition: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'convolution'>];
      expect(relativeError(evaluate(row).outputs.get('y')!, definition(call, row))).toBeLessThan(EXACT);
    });
  }

  it('slides without mirroring the kernel', () => {
    const result = given({ x: [1, 2, 3, 4], weight: [10, 1], bias: [0.5] }, ({ given: take, made }) => [
      {
        kind: 'convolution',
        node: 'conv',
        in: {
          x: take('x', 'activation', [1, 1, 1, 4], normal),
          weight: take('weight', 'parameter', [1, 1, 1, 2], normal),
          bias: take('bias', 'parameter', [1], normal),
        },
        out: { y: made('y', 'activation', [1, 1, 1, 3]) },
        update: {},
        window: { kernel: [1, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 },
        relu: false,
      },
    ]);
    expect(output(result, 'y')).toEqual([12.5, 23.5, 34.5]);
  });
});

describe('the gradient of a linear kernel is its adjoint', () => {
  /** ⟨dy, f(x)⟩ and ⟨dx, x⟩ of a fragment that makes y from x and dx from dy. */
  function expectAdjoint(row: Fragment, x: string, dx: string): void {
    const { outputs } = evaluate(row);
    const left = dotProduct(outputs.get('y')!, row.inputs['dy']!);
    const right = dotProduct(outputs.get(dx)!, row.inputs[x] ?? row.persistent.get(x)!);
    expect(relativeError([left], [right], 1)).toBeLessThan(1e-10);
  }

  /** The fragment with more calls on its tensors, by name. */
  function extended(
    row: Fragment,
    more: (id: (name: string) => number, plan: Plan) => readonly KernelCall[],
  ): Fragment {
    const tensors = [...row.plan.tensors];
    const inputs = { ...row.inputs };
    const planInputs = { ...row.plan.inputs };
    const outputs = { ...row.plan.outputs };
    const id = (name: string): number => tensors.find((tensor) => tensor.name === name)!.id;
    const add = (name: string, like: string): void => {
      tensors.push({ ...tensors[id(like)]!, id: tensors.length, name });
    };
    if (!tensors.some(({ name }) => name === 'dy')) {
      add('dy', 'y');
      planInputs['dy'] = id('dy');
      inputs['dy'] = filled(
        tensors[id('y')]!.dims.reduce((product, size) => product * size, 1),
        normal,
        'dy',
      );
    }
    if (!tensors.some(({ name }) => name === 'dx')) {
      add('dx', 'x');
      outputs['dx'] = id('dx');
    }
    const plan = { ...row.plan, tensors, inputs: planInputs, outputs };
    return { ...row, inputs, plan: { ...plan, calls: [...row.plan.calls, ...more(id, plan)] } };
  }

  for (const row of conformanceCases.convolutionWeightGradient) {
    it(`convolution: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'convolution'>];
      const { bias: _, ...ins } = call.in;
      const plain = { ...row, plan: { ...row.plan, calls: [{ ...call, in: ins }, ...row.plan.calls.slice(1)] } };
      const both = extended(plain, (id) => [
        {
          kind: 'convolutionDataGradient',
          node: 'conv',
          in: { dy: id('dy'), weight: call.in.weight },
          out: { dx: id('dx') },
          update: {},
          window: call.window,
        },
      ]);
      expectAdjoint(both, 'x', 'dx');
      expectAdjoint(both, 'conv.weight', 'grad:conv.weight');
    });
  }

  it('a bias collects the gradients of its channel', () => {
    for (const row of [...conformanceCases.convolutionWeightGradient, ...conformanceCases.linearWeightGradient]) {
      const name = [...row.persistent.keys()].find((each) => each.endsWith('.bias'));
      if (!name) continue;
      const { dims } = row.plan.tensors.find((tensor) => tensor.name === 'dy')!;
      const [, channels = 1, ...spatial] = dims;
      const area = spatial.reduce((product, size) => product * size, 1);
      const sums = new Float64Array(channels);
      row.inputs['dy']!.forEach((value, i) => (sums[Math.floor(i / area) % channels]! += value));
      expect(relativeError(evaluate(row).outputs.get(`grad:${name}`)!, sums)).toBeLessThan(EXACT);
    }
  });

  for (const row of conformanceCases.linearWeightGradient.filter(({ title }) => !title.includes('bias'))) {
    it(`linear: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'linear'>];
      const both = extended(row, (id) => [
        {
          kind: 'linearDataGradient',
          node: 'fc',
          in: { dy: id('dy'), weight: call.in.weight },
          out: { dx: id('dx') },
          update: {},
        },
      ]);
      expectAdjoint(both, 'x', 'dx');
      expectAdjoint(both, 'fc.weight', 'grad:fc.weight');
    });
  }

  for (const row of conformanceCases.maxPoolGradient) {
    it(`max pooling: ${row.title}`, () => expectAdjoint(row, 'x', 'dx'));
  }

  for (const row of conformanceCases.averagePool) {
    it(`average pooling: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'averagePool'>];
      const { window, countPadding } = call;
      const both = extended(row, (id) => [
        {
          kind: 'averagePoolGradient',
          node: 'pool',
          in: { dy: id('dy') },
          out: { dx: id('dx') },
          update: {},
          window,
          countPadding,
        },
      ]);
      expectAdjoint(both, 'x', 'dx');
    });
  }

  for (const row of conformanceCases.globalAveragePool) {
    it(`global average pooling: ${row.title}`, () => {
      const both = extended(row, (id) => [
        { kind: 'globalAveragePoolGradient', node: 'pool', in: { dy: id('dy') }, out: { dx: id('dx') }, update: {} },
      ]);
      expectAdjoint(both, 'x', 'dx');
    });
  }

  for (const row of conformanceCases.padChannels) {
    it(`padding with channels, which a slice takes away: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'padChannels'>];
      const both = extended(row, (id) => [
        {
          kind: 'sliceChannels',
          node: 'pad',
          in: { x: id('dy') },
          out: { y: id('dx') },
          update: {},
          start: call.before,
        },
      ]);
      expectAdjoint(both, 'x', 'dx');
    });
  }

  for (const row of conformanceCases.scale) {
    it(`scaling: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'scale'>];
      const withGradient = extended(row, () => []);
      const tensors = [...withGradient.plan.tensors];
      const weight = tensors[call.in.weight]!;
      tensors.push({ ...weight, id: tensors.length, name: 'dweight', role: 'gradient', of: weight.id });
      const id = (name: string) => tensors.find((tensor) => tensor.name === name)!.id;
      const plan: Plan = {
        ...withGradient.plan,
        tensors,
        outputs: { ...withGradient.plan.outputs, dweight: id('dweight') },
        calls: [
          ...withGradient.plan.calls,
          {
            kind: 'scaleGradient',
            node: 'scale',
            in: { x: call.in.x, weight: call.in.weight, dy: id('dy') },
            out: { dx: id('dx'), dweight: id('dweight') },
            update: {},
            per: call.per,
          },
        ],
      };
      const both = { ...withGradient, plan };
      expectAdjoint(both, 'x', 'dx');
      expectAdjoint(both, 'scale.weight', 'dweight');
    });
  }
});

describe('concatenation', () => {
  for (const row of conformanceCases.concat) {
    it(`is undone by slices: ${row.title}`, () => {
      const [call] = row.plan.calls as [CallOf<'concat'>];
      const y = row.plan.tensors[call.out.y]!;
      const joined = evaluate(row).outputs.get('y')!;
      let start = 0;
      for (const [name, data] of Object.entries(row.inputs)) {
        const { dims } = row.plan.tensors.find((tensor) => tensor.name === name)!;
        const slice = given({ joined: [...joined] }, ({ given: take, made }) => [
          {
            kind: 'sliceChannels',
            node: 'cat',
            in: { x: take('joined', 'activation', y.dims, normal) },
            out: { y: made('part', 'activation', dims) },
            update: {},
            start,
          },
        ]);
        expect(output(slice, 'part')).toEqual([...data]);
        start += dims[1]!;
      }
    });
  }
});

describe('gradients agree with central finite differences', () => {
  const STEP = 1e-5;

  /** The forward half of a training plan, which outputs the losses. */
  function forwardOf(plan: Plan): Plan {
    const end = plan.calls.findIndex(({ kind }) => kind === 'softmaxCrossEntropy') + 1;
    return { ...plan, calls: plan.calls.slice(0, end), outputs: { losses: plan.outputs['losses']! } };
  }

  /**
   * For every learned tensor the derivative along a direction drawn at random: from the plan's gradients, and from the
   * losses a step ahead and behind.
   */
  function slopes(network: NetworkCase): { name: string; gradient: number; difference: number }[] {
    const { plan, inputs, persistent, runs } = gradientTrial(network);
    const start = new Map<string, ArrayLike<number>>([...persistent, ...Object.entries(inputs)]);
    const { outputs } = runReference(plan, start, runs[0]);
    const forward = forwardOf(plan);
    const meanLoss = (values: ReadonlyMap<string, ArrayLike<number>>): number => {
      const losses = runReference(forward, values, runs[0]).outputs.get('losses')!;
      return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    };
    return [...outputs]
      .filter(([name]) => name.startsWith('grad:'))
      .map(([name, gradient]) => {
        const parameter = name.slice('grad:'.length);
        const value = persistent.get(parameter)!;
        const direction = filled(value.length, normal, name);
        const moved = (by: number) => Float64Array.from(value, (v, i) => v + by * direction[i]!);
        const ahead = meanLoss(new Map([...start, [parameter, moved(STEP)]]));
        const behind = meanLoss(new Map([...start, [parameter, moved(-STEP)]]));
        return {
          name: parameter,
          gradient: dotProduct(gradient, direction),
          difference: (ahead - behind) / (2 * STEP),
        };
      });
  }

  for (const network of smallNetworks) {
    it(`for every parameter of ${network.title}`, () => {
      const wrong = slopes(network).filter(
        ({ gradient, difference }) => !(Math.abs(gradient - difference) <= 1e-6 * Math.max(Math.abs(difference), 0.01)),
      );
      expect(wrong).toEqual([]);
    });
  }

  it('and these networks hold every kernel of a backward half', () => {
    const plans = smallNetworks.map(({ graph, batch }) => trainingPlan(graph, { batch }));
    const used = new Set(plans.flatMap(({ calls }) => calls.map(({ kind }) => kind)));
    const backward = (Object.keys(kernelTable) as KernelKind[]).filter(
      (kind) => kernelTable[kind].phase === 'backward',
    );
    expect(backward.filter((kind) => !used.has(kind))).toEqual([]);
  });

  /** f′ from the kernel and from f a step ahead and behind. */
  const functions = conformanceCases.activationGradient.filter(({ title }) => !/whole numbers|prelu/.test(title));
  for (const { title, plan, inputs } of functions) {
    it(`of ${title}`, () => {
      const [call] = plan.calls as [CallOf<'activationGradient'>];
      const { dims } = plan.tensors[call.in.saved]!;
      const at = (x: readonly number[]): number[] =>
        output(
          given({ x }, ({ given: take, made }) => [
            {
              kind: 'activation',
              node: 'act',
              in: { x: take('x', 'activation', dims, normal) },
              out: { y: made('y', 'activation', dims) },
              update: {},
              function: call.function,
            },
          ]),
          'y',
        );
      const x = [...filled(inputs['saved']!.length, { kind: 'uniform', from: -8, to: 8 }, title)];
      const saved = call.function.name === 'relu' || call.function.name === 'relu6' ? at(x) : x;
      const { outputs } = runReference(plan, new Map(Object.entries({ saved, dy: x.map(() => 1) })));
      const [ahead, behind] = [at(x.map((v) => v + STEP)), at(x.map((v) => v - STEP))];
      const difference = ahead.map((value, i) => (value - behind[i]!) / (2 * STEP));
      expect(relativeError(outputs.get('dx')!, difference)).toBeLessThan(1e-8);
    });
  }
});

describe('values computed by hand', () => {
  it('the error function (Abramowitz and Stegun, table 7.1, and erfc(4) = 1.541726e-8)', () => {
    expect(erf(0)).toBe(0);
    expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
    expect(erf(-1)).toBeCloseTo(-0.8427007929, 10);
    expect(erf(2)).toBeCloseTo(0.995322265, 9);
    expect(1 - erf(4)).toBeCloseTo(1.541726e-8, 13);
    expect(erf(30)).toBe(1);
  });

  it('batch norm over four values, its running statistics unbiased', () => {
    const result = given(
      { x: [1, 3, 5, 7], weight: [2], bias: [1], runningMean: [10], runningVar: [1] },
      ({ given: take, made }) => [
        {
          kind: 'batchNorm',
          node: 'bn',
          in: {
            x: take('x', 'activation', [2, 1, 1, 2], normal),
            weight: take('weight', 'parameter', [1], normal),
            bias: take('bias', 'parameter', [1], normal),
          },
          out: {
            y: made('y', 'activation', [2, 1, 1, 2]),
            mean: made('mean', 'small', [1]),
            inverseDeviation: made('inverseDeviation', 'small', [1]),
          },
          update: {
            runningMean: take('runningMean', 'statistic', [1], constant(0)),
            runningVar: take('runningVar', 'statistic', [1], constant(0)),
          },
          epsilon: 4,
          momentum: 0.1,
          relu: true,
        },
      ],
    );
    // Mean 4, variance 5, with epsilon 9: deviation 3.
    expect(output(result, 'mean')).toEqual([4]);
    expect(output(result, 'inverseDeviation')).toEqual([1 / 3]);
    expect(relativeError(output(result, 'y'), [0, 1 - 2 / 3, 1 + 2 / 3, 3])).toBeLessThan(EXACT);
    expect(relativeError(persistentValue(result, 'runningMean'), [9.4])).toBeLessThan(EXACT);
    expect(relativeError(persistentValue(result, 'runningVar'), [0.9 + 0.1 * (20 / 3)])).toBeLessThan(EXACT);
  });

  it('functions at and around their kinks', () => {
    const functions = [
      { f: { name: 'relu' }, y: [0, 0, 1, 7], slope: [0, 0, 1, 1] },
      { f: { name: 'leakyRelu', slope: 0.5 }, y: [-1, 0, 1, 7], slope: [0.5, 0.5, 1, 1] },
      { f: { name: 'relu6' }, y: [0, 0, 1, 6], slope: [0, 0, 1, 0] },
    ] as const;
    for (const { f, y, slope } of functions) {
      const x = [-2, 0, 1, 7];
      const result = given({ x, saved: f.name === 'leakyRelu' ? x : y, dy: [1, 1, 1, 1] }, ({ given: take, made }) => [
        {
          kind: 'activation',
          node: 'act',
          in: { x: take('x', 'activation', [1, 4], normal) },
          out: { y: made('y', 'activation', [1, 4]) },
          update: {},
          function: f,
        },
        {
          kind: 'activationGradient',
          node: 'act',
          in: { saved: take('saved', 'activation', [1, 4], normal), dy: take('dy', 'activation', [1, 4], normal) },
          out: { dx: made('dx', 'activation', [1, 4]) },
          update: {},
          function: f,
        },
      ]);
      expect(output(result, 'y')).toEqual(y);
      expect(output(result, 'dx')).toEqual(slope);
    }
  });

  it('max pooling gives ties to the first element of the window', () => {
    const result = given({ x: [5, 5, 5, 5], dy: [1] }, ({ given: take, made, hidden }) => {
      const index = hidden('index', 'activation', [1, 1, 1, 1], 'uint8');
      const window = { kernel: [2, 2], stride: [2, 2], padding: [0, 0] } as const;
      return [
        {
          kind: 'maxPool',
          node: 'pool',
          in: { x: take('x', 'activation', [1, 1, 2, 2], normal) },
          out: { y: made('y', 'activation', [1, 1, 1, 1]), index },
          update: {},
          window,
        },
        {
          kind: 'maxPoolGradient',
          node: 'pool',
          in: { dy: take('dy', 'activation', [1, 1, 1, 1], normal), index },
          out: { dx: made('dx', 'activation', [1, 1, 2, 2]) },
          update: {},
          window,
        },
      ];
    });
    expect(output(result, 'y')).toEqual([5]);
    expect(output(result, 'dx')).toEqual([1, 0, 0, 0]);
  });

  it('the divisors of average pooling where windows reach into padding and beyond', () => {
    const pooled = (countPadding: boolean): number[] =>
      output(
        given({ x: [6, 12, 18, 24] }, ({ given: take, made }) => [
          {
            kind: 'averagePool',
            node: 'pool',
            in: { x: take('x', 'activation', [1, 1, 1, 4], normal) },
            out: { y: made('y', 'activation', [1, 1, 1, 3]) },
            update: {},
            window: { kernel: [1, 3], stride: [1, 2], padding: [0, 1] },
            countPadding,
          },
        ]),
        'y',
      );
    // Windows over (0, 6, 12), (12, 18, 24) and (24, 0 of the padding, nothing beyond).
    expect(pooled(true)).toEqual([6, 18, 12]);
    expect(pooled(false)).toEqual([9, 18, 24]);
  });

  it('cross entropy of two classes, smoothed, with its gradient', () => {
    const logits = [Math.log(3), 0];
    const result = given({ logits, targets: [0, 1] }, ({ given: take, made }) => [
      {
        kind: 'softmaxCrossEntropy',
        node: 'loss',
        in: { logits: take('logits', 'activation', [1, 2], normal), targets: take('targets', 'input', [1, 2], normal) },
        out: {
          losses: made('losses', 'small', [1]),
          correct: made('correct', 'small', [1]),
          dlogits: made('dlogits', 'activation', [1, 2]),
        },
        update: {},
        labelSmoothing: 0.2,
      },
    ]);
    // Probabilities 3/4 and 1/4 against targets 0.1 and 0.9.
    expect(output(result, 'losses')[0]).toBeCloseTo(-0.1 * Math.log(0.75) - 0.9 * Math.log(0.25), 12);
    expect(output(result, 'correct')).toEqual([0]);
    expect(relativeError(output(result, 'dlogits'), [0.65, -0.65])).toBeLessThan(EXACT);
  });

  it('a step of SGD with momentum and decay, its gradient cut down to the norm', () => {
    const step = (nesterov: boolean, norm: number): ReferenceResult =>
      given(
        { parameter: [1], gradient: [6], velocity: [2], norm: [norm] },
        ({ given: take }) => {
          const parameter = take('parameter', 'parameter', [1], normal);
          const gradient = take('gradient', 'gradient', [1], normal, parameter);
          return [
            {
              kind: 'sgd',
              node: 'p',
              in: { gradient, norm: take('norm', 'small', [1], normal) },
              out: {},
              update: { parameter, velocity: take('velocity', 'optimizer', [1], normal, parameter) },
              momentum: 0.5,
              nesterov,
              weightDecay: 0.25,
              clipNorm: 4,
            },
          ];
        },
        { learningRate: 0.5 },
      );
    // Clipped to 6·4/12 = 2, with decay 2.25; velocity 0.5·2 + 2.25 = 3.25.
    expect(persistentValue(step(false, 12), 'velocity')).toEqual([3.25]);
    expect(persistentValue(step(false, 12), 'parameter')).toEqual([1 - 0.5 * 3.25]);
    expect(persistentValue(step(true, 12), 'parameter')).toEqual([1 - 0.5 * (2.25 + 0.5 * 3.25)]);
    // A norm below the limit does not change the gradient, and neither does a missing norm.
    expect(persistentValue(step(false, 1), 'velocity')).toEqual([0.5 * 2 + 6.25]);
    expect(persistentValue(step(false, 0), 'velocity')).toEqual([0.5 * 2 + 6.25]);
  });

  it('a moving average', () => {
    const result = given(
      { x: [8], average: [4] },
      ({ given: take }) => {
        const x = take('x', 'parameter', [1], normal);
        const average = take('average', 'average', [1], normal, x);
        return [{ kind: 'movingAverage', node: 'x', in: { x }, out: {}, update: { average } }];
      },
      { averageDecay: 0.75 },
    );
    expect(persistentValue(result, 'average')).toEqual([5]);
    expect(persistentValue(result, 'x')).toEqual([8]);
  });

  it('dropout keeps its share, scales what it keeps, and draws anew for every step, stream and seed', () => {
    const count = 40_000;
    const mask = (step: number, stream: number, seed: number): number[] =>
      output(
        given(
          { x: Array.from({ length: count }, () => 1) },
          ({ given: take, made }) => [
            {
              kind: 'dropout',
              node: 'dropout',
              in: { x: take('x', 'activation', [1, count], normal) },
              out: { y: made('y', 'activation', [1, count]) },
              update: {},
              rate: 0.2,
              per: 'element',
              seed,
              stream,
            },
          ],
          { step },
        ),
        'y',
      );
    const first = mask(0, 1, 2);
    expect(new Set(first)).toEqual(new Set([0, 1.25]));
    // Standard deviation of the kept share: √(0.2·0.8/40000) = 0.002.
    expect(Math.abs(first.filter((value) => value > 0).length / count - 0.8)).toBeLessThan(0.008);
    for (const other of [mask(1, 1, 2), mask(0, 2, 2), mask(0, 1, 3)]) {
      const both = first.filter((value, i) => value > 0 && other[i]! > 0).length / count;
      expect(Math.abs(both - 0.64)).toBeLessThan(0.01);
    }
  });
});
