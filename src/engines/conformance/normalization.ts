/** Batch norm with everything that can be fused into it, and its folded form. */

import type { TensorRole } from '../../plan/plan.js';
import { constant, normal, rectified, uniform, type Fill } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment, type FragmentOptions } from './fragment.js';

type Dims = readonly [batch: number, channels: number, height: number, width: number];

interface Row {
  readonly dims: Dims;
  readonly title?: string;
  readonly x?: Fill;
  readonly role?: TensorRole;
  readonly epsilon?: number;
  readonly momentum?: number;
  readonly options?: FragmentOptions;
}

const rows: readonly Row[] = [
  { dims: [2, 16, 8, 8] },
  { dims: [4, 64, 8, 8] },
  { dims: [1, 17, 5, 7] },
  { dims: [5, 3, 9, 9] },
  { dims: [2, 12, 32, 32] },
  { dims: [3, 40, 5, 7], epsilon: 1e-3, momentum: 0.01 },
  { dims: [5, 24, 1, 1] },
  { dims: [4, 1, 1, 1] },
  { dims: [2, 3, 9, 9], role: 'input', title: 'of the input' },
  // Values far from zero: a variance as mean of squares minus square of mean would lose three of seven digits.
  { dims: [4, 16, 8, 8], x: { kind: 'normal', mean: 30 }, title: 'around 30' },
  { dims: [2, 16, 5, 7], x: { kind: 'normal', deviation: 1e-3 }, title: 'of thousandths', epsilon: 1e-5 },
];

/**
 * Inputs without variance. x − mean and dx cancel to zero, and 1/√epsilon magnifies what rounding leaves; errors are
 * therefore measured against that magnitude.
 */
const degenerate: readonly Row[] = [
  { dims: [1, 40, 1, 1], title: 'with one value per channel', options: { scale: 1 / Math.sqrt(1e-5) } },
  { dims: [2, 17, 5, 7], x: constant(0.7), title: 'of constant values', options: { scale: 1 / Math.sqrt(1e-5) } },
];

/**
 * Values that a sum about one pixel, or about one image's mean, gets wrong: the variance has to keep its digits whatever a
 * pixel far from the others is. `far` says which pixels of a channel are that far away, by image and position.
 */
const outliers = [
  { title: 'with a first pixel of 100', value: 100, far: (image: number, at: number) => image === 0 && at === 0 },
  { title: 'with a first pixel of 1,000', value: 1000, far: (image: number, at: number) => image === 0 && at === 0 },
  { title: 'with a last pixel of 1,000', value: 1000, far: (image: number, at: number) => image === 3 && at === 287 },
  { title: 'with first pixels of 1,000', value: 1000, far: (_: number, at: number) => at === 0 },
  { title: 'with one image at 1,000', value: 1000, far: (image: number) => image === 0 },
  { title: 'with every other image at 1,000', value: 1000, far: (image: number) => image % 2 === 1 },
] as const;

/** Images of 12 × 24 pixels: more than the native kernel sums at a time. All of the variance goes into the running one. */
const outlierRows: readonly Row[] = outliers.map(({ title: name, value, far }) => ({
  dims: [8, 17, 12, 24],
  title: name,
  x: {
    kind: 'mapped',
    of: normal,
    by: (x, index) => x + (far(Math.floor(index / (17 * 288)), index % 288) ? value : 0),
  },
  momentum: 1,
  options: { tolerance: 1e-6 },
}));

const extras = [
  { relu: false, more: false },
  { relu: true, more: false },
  { relu: true, more: true },
  { relu: false, more: true },
];

const cases = [
  ...rows.map((row, index) => ({ row, ...extras[index % 4]! })),
  ...extras.map((extra) => ({ row: { dims: [2, 24, 9, 9] } as Row, ...extra })),
  ...degenerate.map((row) => ({ row, relu: false, more: false })),
];

const title = ({ dims, title: name }: Row, parts: readonly (string | false)[]): string =>
  [`[${dims.join(', ')}]${name ? ` ${name}` : ''}`, ...parts.filter((part) => part !== false)].join(', ');

const forward = [...cases, ...outlierRows.map((row) => ({ row, relu: false, more: false }))];

const batchNormCases: readonly Fragment[] = forward.map(({ row, relu, more }) =>
  fragment(
    title(row, [more && 'with addend', relu && 'with ReLU']),
    ({ given, made }) => {
      const channels = [row.dims[1]];
      return [
        {
          kind: 'batchNorm',
          node: 'bn',
          in: {
            x: given('x', row.role ?? 'activation', row.dims, row.x ?? normal),
            weight: given('bn.weight', 'parameter', channels, uniform(0.5, 1.5)),
            bias: given('bn.bias', 'parameter', channels, normal),
            ...(more && { addend: given('addend', 'activation', row.dims, normal) }),
          },
          out: {
            y: made('y', 'activation', row.dims),
            mean: made('bn.mean', 'small', channels),
            inverseDeviation: made('bn.inverseDeviation', 'small', channels),
          },
          update: {
            runningMean: given('bn.running_mean', 'statistic', channels, normal),
            runningVar: given('bn.running_var', 'statistic', channels, uniform(0.5, 1.5)),
          },
          epsilon: row.epsilon ?? 1e-5,
          momentum: row.momentum ?? 0.1,
          relu,
        },
      ];
    },
    { ...row.options, runs: [{}, {}] },
  ),
);

/** What masks the gradient: the ReLU's result, or the bias from which that can be computed. */
const masks = [{ relu: false }, { relu: true, by: 'y' }, { relu: true, by: 'bias' }] as const;

const batchNormGradientCases: readonly Fragment[] = cases
  .filter(({ row }) => row.role !== 'input')
  .flatMap(({ row, relu, more }) =>
    [false, true].flatMap((dy2) =>
      masks.filter((mask) => mask.relu === relu).map((mask) => ({ row, relu, more, dy2, by: 'by' in mask && mask.by })),
    ),
  )
  .map(({ row, relu, more, dy2, by }) =>
    fragment(
      title(row, [
        dy2 && 'of two gradients',
        by && `behind a ReLU that ${by} tells of`,
        more && 'with the gradient by the addend',
      ]),
      ({ given, made, hidden }) => {
        const channels = [row.dims[1]];
        const x = given('x', 'activation', row.dims, row.x ?? normal);
        const weight = given('bn.weight', 'parameter', channels, uniform(0.5, 1.5));
        const bias = given('bn.bias', 'parameter', channels, normal);
        const mean = made('bn.mean', 'small', channels);
        const inverseDeviation = made('bn.inverseDeviation', 'small', channels);
        return [
          {
            kind: 'batchNorm',
            node: 'bn',
            in: { x, weight, bias },
            out: { y: hidden('normalized', 'activation', row.dims), mean, inverseDeviation },
            update: {
              runningMean: given('bn.running_mean', 'statistic', channels, constant(0)),
              runningVar: given('bn.running_var', 'statistic', channels, constant(1)),
            },
            epsilon: row.epsilon ?? 1e-5,
            momentum: 0.1,
            relu: false,
          },
          {
            kind: 'batchNormGradient',
            node: 'bn',
            in: {
              x,
              weight,
              mean,
              inverseDeviation,
              dy: given('dy', 'activation', row.dims, normal),
              ...(dy2 && { dy2: given('dy2', 'activation', row.dims, normal) }),
              // Not the forward result: rounding could place its zeros differently in the two engines.
              ...(by === 'y' && { y: given('y', 'activation', row.dims, rectified) }),
              ...(by === 'bias' && { bias }),
            },
            out: {
              dx: made('dx', 'activation', row.dims),
              dweight: made('grad:bn.weight', 'gradient', channels, weight),
              dbias: made('grad:bn.bias', 'gradient', channels, bias),
              ...(more && { daddend: made('daddend', 'activation', row.dims) }),
            },
            update: {},
            relu,
          },
        ];
      },
      row.options,
    ),
  );

const channelAffineCases: readonly Fragment[] = cases
  .filter(({ row }) => !row.options)
  .map(({ row, relu, more }) =>
    fragment(title(row, [more && 'with addend', relu && 'with ReLU']), ({ given, made }) => [
      {
        kind: 'channelAffine',
        node: 'bn',
        in: {
          x: given('x', row.role ?? 'activation', row.dims, row.x ?? normal),
          scale: given('bn.scale', 'parameter', [row.dims[1]], normal),
          shift: given('bn.shift', 'parameter', [row.dims[1]], normal),
          ...(more && { addend: given('addend', 'activation', row.dims, normal) }),
        },
        out: { y: made('y', 'activation', row.dims) },
        update: {},
        relu,
      },
    ]),
  );

/** The cases of this family by kind. */
export const batchNormTable = {
  batchNorm: batchNormCases,
  batchNormGradient: batchNormGradientCases,
  channelAffine: channelAffineCases,
} satisfies Partial<CaseTable>;
