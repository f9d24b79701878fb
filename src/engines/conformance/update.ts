/** Kernels that act on parameters at the end of a step. */

import type { AdamWCall, KernelCall, NumberedIds, SgdCall } from '../../plan/plan.js';
import { constant, normal, uniform } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment, type Sketch } from './fragment.js';

type Dims = readonly number[];

/** Shapes of a convolution's weight, a fully connected layer's weight, a bias, and a single slope. */
const shapes: readonly Dims[] = [[24, 17, 3, 3], [10, 40], [17], [1]];

/** A limit that clips the gradients, and one that does not. */
const clips = [undefined, 0.01, 1e6];

function sgdCall(
  { given }: Sketch,
  name: string,
  dims: Dims,
  norm: number | undefined,
  options: Pick<SgdCall, 'momentum' | 'nesterov' | 'weightDecay' | 'clipNorm'>,
): SgdCall {
  const parameter = given(name, 'parameter', dims, normal);
  return {
    kind: 'sgd',
    node: name,
    in: { gradient: given(`grad:${name}`, 'gradient', dims, normal, parameter), ...(norm !== undefined && { norm }) },
    out: {},
    update: {
      parameter,
      ...(options.momentum !== 0 && { velocity: given(`velocity:${name}`, 'optimizer', dims, constant(0), parameter) }),
    },
    ...options,
  };
}

/** Placed behind an update of the norm's parameters, as in every real plan. */
const gradientNormCases: readonly Fragment[] = [shapes, [[17]], Array.from({ length: 12 }, (_, i) => [i + 1])].map(
  (all) =>
    fragment(
      `over gradients of ${all.map((dims) => `[${dims.join(', ')}]`).join(' ')}`,
      (sketch) => {
        const norm = sketch.made('norm', 'small', [1]);
        const updates = all.map((dims, index) =>
          sgdCall(sketch, `p${index}.weight`, dims, norm, {
            momentum: 0,
            nesterov: false,
            weightDecay: 0,
            clipNorm: 1,
          }),
        );
        const gradients: NumberedIds = Object.fromEntries(
          updates.map((call, index) => [`x${index}`, call.in.gradient]),
        );
        const normCall: KernelCall = { kind: 'gradientNorm', node: 'norm', in: gradients, out: { norm }, update: {} };
        return [normCall, ...updates];
      },
      { runs: [{ learningRate: 0.1 }] },
    ),
);

/** Feature maps whose channels fill no whole block of an engine's layout, and vectors. */
const activationNormCases: readonly Fragment[] = [
  [3, 17, 5, 6],
  [2, 5, 4, 4],
  [3, 10],
].map((dims) =>
  fragment(`over the activation [${dims.join(', ')}], as a kernel writes it`, ({ given, made }) => {
    const y = made('y', 'activation', dims);
    const norm = made('norm', 'small', [1]);
    const x0 = given('a', 'activation', dims, normal);
    const x1 = given('b', 'activation', dims, normal);
    return [
      { kind: 'sum', node: 'sum', in: { x0, x1 }, out: { y }, update: {}, relu: false },
      { kind: 'gradientNorm', node: 'norm', in: { x0: y }, out: { norm }, update: {} },
    ];
  }),
);

const sgdCases: readonly Fragment[] = shapes
  .flatMap((dims) => [
    { dims, momentum: 0, nesterov: false },
    { dims, momentum: 0.9, nesterov: false },
    { dims, momentum: 0.9, nesterov: true },
  ])
  .flatMap((row) => [0, 5e-2].map((weightDecay) => ({ ...row, weightDecay })))
  .map((row, index) => ({ ...row, clipNorm: clips[index % clips.length] }))
  .map(({ dims, clipNorm, ...options }) =>
    fragment(
      `[${dims.join(', ')}], momentum ${options.momentum}${options.nesterov ? ' (Nesterov)' : ''}, weight decay ` +
        `${options.weightDecay}, ${clipNorm === undefined ? 'not clipped' : `clipped to ${clipNorm}`}`,
      (sketch) => {
        const norm = clipNorm === undefined ? undefined : sketch.given('norm', 'small', [1], constant(3.7));
        return [sgdCall(sketch, 'weight', dims, norm, { ...options, clipNorm: clipNorm ?? 0 })];
      },
      { runs: [{ learningRate: 0.1 }, { learningRate: 0.1 }, { learningRate: 0.01 }] },
    ),
  );

function adamwCall(
  { given }: Sketch,
  dims: Dims,
  norm: number | undefined,
  options: Pick<AdamWCall, 'weightDecay' | 'clipNorm'>,
): AdamWCall {
  const parameter = given('weight', 'parameter', dims, normal);
  return {
    kind: 'adamw',
    node: 'weight',
    in: { gradient: given('grad:weight', 'gradient', dims, normal, parameter), ...(norm !== undefined && { norm }) },
    out: {},
    update: {
      parameter,
      firstMoment: given('firstMoment:weight', 'optimizer', dims, constant(0), parameter),
      secondMoment: given('secondMoment:weight', 'optimizer', dims, constant(0), parameter),
    },
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    ...options,
  };
}

const adamwCases: readonly Fragment[] = shapes
  .flatMap((dims) => clips.map((clipNorm, index) => ({ dims, clipNorm, weightDecay: index === 0 ? 0 : 0.05 })))
  .map(({ dims, clipNorm, weightDecay }) =>
    fragment(
      `[${dims.join(', ')}], weight decay ${weightDecay}, ${clipNorm === undefined ? 'not clipped' : `clipped to ${clipNorm}`}`,
      (sketch) => {
        const norm = clipNorm === undefined ? undefined : sketch.given('norm', 'small', [1], constant(3.7));
        return [adamwCall(sketch, dims, norm, { weightDecay, clipNorm: clipNorm ?? 0 })];
      },
      {
        runs: [
          { learningRate: 1e-2, step: 0 },
          { learningRate: 1e-2, step: 1 },
          { learningRate: 1e-3, step: 2 },
          { learningRate: 1e-3, step: 100_000 },
        ],
      },
    ),
  );

const movingAverageCases: readonly Fragment[] = [
  ...shapes.map((dims) => ({ dims, role: 'parameter' as const })),
  { dims: [17], role: 'statistic' as const },
].map(({ dims, role }) =>
  fragment(
    `of a ${role} [${dims.join(', ')}]`,
    ({ given }) => {
      const x = given('x', role, dims, normal);
      return [
        {
          kind: 'movingAverage',
          node: 'x',
          in: { x },
          out: {},
          update: { average: given('average:x', 'average', dims, uniform(-1, 1), x) },
        },
      ];
    },
    { runs: [{ averageDecay: 0 }, { averageDecay: 0.9 }, { averageDecay: 0.999 }, { averageDecay: 1 }] },
  ),
);

/** The cases of this family by kind. */
export const updateTable = {
  gradientNorm: [...gradientNormCases, ...activationNormCases],
  sgd: sgdCases,
  adamw: adamwCases,
  movingAverage: movingAverageCases,
} satisfies Partial<CaseTable>;
