/** Activations, factors, gates and masks: kernels that treat every element, or every channel, by itself. */

import type { ActivationFunction, TensorRole } from '../../plan/plan.js';
import { integers, normal, rectified, uniform, type Fill } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment } from './fragment.js';

type Dims = readonly number[];

const shapes: readonly Dims[] = [
  [2, 17, 5, 7],
  [1, 16, 9, 9],
  [5, 3, 1, 1],
  [5, 10],
];

const functions: readonly ActivationFunction[] = [
  { name: 'relu' },
  { name: 'leakyRelu', slope: 0.1 },
  { name: 'leakyRelu', slope: -0.5 },
  { name: 'relu6' },
  { name: 'silu' },
  { name: 'gelu' },
  { name: 'sigmoid' },
  { name: 'hardSwish' },
  { name: 'hardSigmoid' },
];

const describeFunction = (f: ActivationFunction) => (f.name === 'leakyRelu' ? `leakyRelu of slope ${f.slope}` : f.name);

/** Moderate values, values on the kinks, and large values, for which exponentials overflow. */
const ranges: readonly { readonly name: string; readonly fill: Fill }[] = [
  { name: '', fill: uniform(-8, 8) },
  { name: ' at whole numbers', fill: integers(-7, 7) },
  { name: ' far from zero', fill: uniform(-200, 200) },
];

const inputs = [
  ...shapes.map((dims) => ({ dims, role: 'activation' as TensorRole })),
  { dims: [2, 3, 9, 9], role: 'input' as TensorRole },
];
const printDims = (dims: Dims, role: TensorRole = 'activation') =>
  `[${dims.join(', ')}]${role === 'input' ? ' of the input' : ''}`;

const plain = functions.flatMap((f) => ranges.map((range) => ({ f, range })));
/** One slope for all channels, or one for each. */
const slopes = (dims: Dims) => [
  { shared: true, count: 1 },
  { shared: false, count: dims[1]! },
];
const printSlopes = (shared: boolean) => (shared ? 'one slope' : 'a slope per channel');

const activationCases: readonly Fragment[] = [
  ...plain.flatMap(({ f, range }, index) => {
    // All shapes with the moderate range; the other ranges take the shapes in turn.
    const chosen = range.name === '' ? inputs : [inputs[index % inputs.length]!];
    return chosen.map(({ dims, role }) =>
      fragment(`${describeFunction(f)} on ${printDims(dims, role)}${range.name}`, ({ given, made }) => [
        {
          kind: 'activation',
          node: 'act',
          in: { x: given('x', role, dims, range.fill) },
          out: { y: made('y', 'activation', dims) },
          update: {},
          function: f,
        },
      ]),
    );
  }),
  ...inputs.flatMap(({ dims, role }) =>
    slopes(dims).map(({ shared, count }) =>
      fragment(`prelu with ${printSlopes(shared)} on ${printDims(dims, role)}`, ({ given, made }) => [
        {
          kind: 'activation',
          node: 'act',
          in: { x: given('x', role, dims, normal), weight: given('act.weight', 'parameter', [count], normal) },
          out: { y: made('y', 'activation', dims) },
          update: {},
          function: { name: 'prelu' },
        },
      ]),
    ),
  ),
];

/** The tensor that the gradient reads: the function's result for relu and relu6, its argument for the others. */
function savedFill(f: ActivationFunction, fill: Fill): Fill {
  if (f.name === 'relu') return { kind: 'mapped', of: fill, by: (x) => Math.max(x, 0) };
  if (f.name === 'relu6') return { kind: 'mapped', of: fill, by: (x) => Math.min(Math.max(x, 0), 6) };
  return fill;
}

const activationGradientCases: readonly Fragment[] = [
  ...plain.flatMap(({ f, range }, index) => {
    const chosen = range.name === '' ? shapes : [shapes[index % shapes.length]!];
    return chosen.map((dims) =>
      fragment(`${describeFunction(f)} on ${printDims(dims)}${range.name}`, ({ given, made }) => [
        {
          kind: 'activationGradient',
          node: 'act',
          in: {
            saved: given('saved', 'activation', dims, savedFill(f, range.fill)),
            dy: given('dy', 'activation', dims, normal),
          },
          out: { dx: made('dx', 'activation', dims) },
          update: {},
          function: f,
        },
      ]),
    );
  }),
  ...shapes.flatMap((dims) =>
    slopes(dims).flatMap(({ shared, count }) =>
      [normal, integers(-2, 2)].map((fill) =>
        fragment(
          `prelu with ${printSlopes(shared)} on ${printDims(dims)}${fill === normal ? '' : ' at whole numbers'}`,
          ({ given, made }) => {
            const weight = given('act.weight', 'parameter', [count], normal);
            return [
              {
                kind: 'activationGradient',
                node: 'act',
                in: {
                  saved: given('saved', 'activation', dims, fill),
                  dy: given('dy', 'activation', dims, normal),
                  weight,
                },
                out: {
                  dx: made('dx', 'activation', dims),
                  dweight: made('grad:act.weight', 'gradient', [count], weight),
                },
                update: {},
                function: { name: 'prelu' },
              },
            ];
          },
        ),
      ),
    ),
  ),
];

const factorDims = (per: 'channel' | 'element', dims: Dims): Dims => (per === 'channel' ? [dims[1]!] : dims.slice(1));
const ways = ['channel', 'element'] as const;

const scaleCases: readonly Fragment[] = inputs.flatMap(({ dims, role }) =>
  ways.map((per) =>
    fragment(`per ${per} on ${printDims(dims, role)}`, ({ given, made }) => [
      {
        kind: 'scale',
        node: 'scale',
        in: {
          x: given('x', role, dims, normal),
          weight: given('scale.weight', 'parameter', factorDims(per, dims), normal),
        },
        out: { y: made('y', 'activation', dims) },
        update: {},
        per,
      },
    ]),
  ),
);

const scaleGradientCases: readonly Fragment[] = [
  ...shapes.map((dims) => ({ dims, role: 'activation' as TensorRole })),
  { dims: [2, 3, 9, 9], role: 'input' as TensorRole },
].flatMap(({ dims, role }) =>
  ways.map((per) =>
    fragment(`per ${per} on ${printDims(dims, role)}`, ({ given, made }) => {
      const weight = given('scale.weight', 'parameter', factorDims(per, dims), normal);
      return [
        {
          kind: 'scaleGradient',
          node: 'scale',
          in: { x: given('x', role, dims, rectified), weight, dy: given('dy', 'activation', dims, normal) },
          out: {
            dweight: made('grad:scale.weight', 'gradient', factorDims(per, dims), weight),
            // The gradient with respect to the images is not needed.
            ...(role !== 'input' && { dx: made('dx', 'activation', dims) }),
          },
          update: {},
          per,
        },
      ];
    }),
  ),
);

const gated: readonly { readonly dims: Dims; readonly role: TensorRole }[] = [
  ...inputs.filter(({ dims }) => dims.length === 4),
  { dims: [2, 40, 1, 9], role: 'activation' },
];
const gateDims = ([batch = 1, channels = 1]: Dims): Dims => [batch, channels, 1, 1];

const multiplyCases: readonly Fragment[] = gated.map(({ dims, role }) =>
  fragment(printDims(dims, role), ({ given, made }) => [
    {
      kind: 'multiply',
      node: 'multiply',
      in: { x: given('x', role, dims, normal), gate: given('gate', 'activation', gateDims(dims), normal) },
      out: { y: made('y', 'activation', dims) },
      update: {},
    },
  ]),
);

const multiplyGradientCases: readonly Fragment[] = gated.map(({ dims, role }) =>
  fragment(printDims(dims, role), ({ given, made }) => [
    {
      kind: 'multiplyGradient',
      node: 'multiply',
      in: {
        x: given('x', role, dims, rectified),
        gate: given('gate', 'activation', gateDims(dims), normal),
        dy: given('dy', 'activation', dims, normal),
      },
      out: {
        dgate: made('dgate', 'activation', gateDims(dims)),
        // The gradient with respect to the images is not needed.
        ...(role !== 'input' && { dx: made('dx', 'activation', dims) }),
      },
      update: {},
    },
  ]),
);

const masked = [
  ...inputs.map(({ dims, role }) => ({ dims, role, rate: 0.5, seed: 7, stream: 3 })),
  { dims: [2, 17, 5, 7], role: 'activation' as TensorRole, rate: 0.1, seed: 2 ** 32 - 1, stream: 2 ** 32 - 2 },
  { dims: [5, 10], role: 'activation' as TensorRole, rate: 0.9, seed: 0, stream: 0 },
  { dims: [3, 33], role: 'activation' as TensorRole, rate: 0, seed: 1, stream: 1 },
  // More examples than one block of random words covers, and not a multiple of that.
  { dims: [11, 3, 4, 1], role: 'activation' as TensorRole, rate: 0.5, seed: 7, stream: 3 },
];
const shares = ['element', 'example'] as const;

const dropoutCases: readonly Fragment[] = masked.flatMap(({ dims, role, rate, seed, stream }) =>
  shares.map((per) =>
    fragment(
      `per ${per}, rate ${rate} on ${printDims(dims, role)} at several steps`,
      ({ given, made }) => [
        {
          kind: 'dropout',
          node: 'dropout',
          in: { x: given('x', role, dims, normal) },
          out: { y: made('y', 'activation', dims) },
          update: {},
          rate,
          per,
          seed,
          stream,
        },
      ],
      { runs: [{ step: 0 }, { step: 1 }, { step: 123_456 }] },
    ),
  ),
);

/** The cases of this family by kind. */
export const elementwiseTable = {
  activation: activationCases,
  activationGradient: activationGradientCases,
  scale: scaleCases,
  scaleGradient: scaleGradientCases,
  multiply: multiplyCases,
  multiplyGradient: multiplyGradientCases,
  dropout: dropoutCases,
} satisfies Partial<CaseTable>;
