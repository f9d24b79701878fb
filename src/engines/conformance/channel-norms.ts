/** Layer norm of feature maps and vectors; local response norm with odd and even windows and windows wider than the input. */

import type { TensorRole } from '../../plan/plan.js';
import { constant, normal, uniform, type Fill } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment, type FragmentOptions, type Sketch } from './fragment.js';

interface Row {
  readonly dims: readonly number[];
  readonly title?: string;
  readonly x?: Fill;
  readonly role?: TensorRole;
  readonly epsilon?: number;
  readonly options?: FragmentOptions;
}

const rows: readonly Row[] = [
  { dims: [2, 17, 5, 7] },
  { dims: [1, 16, 8, 8], epsilon: 1e-6 },
  { dims: [3, 40, 9, 4] },
  { dims: [2, 96, 1, 3], epsilon: 1e-6 },
  { dims: [5, 24, 1, 1] },
  { dims: [5, 33] },
  { dims: [3, 3, 5, 2], epsilon: 1e-2 },
  { dims: [2, 7, 9, 9], role: 'input', title: 'of the input' },
  // Values far from zero: a variance as mean of squares minus square of mean would lose three of seven digits.
  { dims: [2, 17, 4, 5], x: { kind: 'normal', mean: 30 }, title: 'around 30' },
  { dims: [2, 24, 5, 7], x: { kind: 'normal', deviation: 1e-3 }, title: 'of thousandths' },
  // No variance: x − mean and dx cancel, and rounding may leave what 1/√epsilon magnifies.
  { dims: [3, 1, 5, 7], title: 'of a single channel', options: { scale: 1 / Math.sqrt(1e-5) } },
  { dims: [2, 17, 3, 4], x: constant(0.7), title: 'of constant values', options: { scale: 1 / Math.sqrt(1e-5) } },
];

const printRow = ({ dims, title }: Row) => `[${dims.join(', ')}]${title ? ` ${title}` : ''}`;

/** The tensors that both directions share. */
function operands({ dims, x = normal, role = 'activation' }: Row, { given, made }: Sketch) {
  const [batch = 1, channels = 1, ...size] = dims;
  const statistics = [batch, size.reduce((product, extent) => product * extent, 1)];
  return {
    x: given('x', role, dims, x),
    weight: given('norm.weight', 'parameter', [channels], uniform(0.5, 1.5)),
    bias: given('norm.bias', 'parameter', [channels], normal),
    mean: made('norm.mean', 'small', statistics),
    inverseDeviation: made('norm.inverseDeviation', 'small', statistics),
  };
}

const layerNormCases: readonly Fragment[] = rows.map((row) =>
  fragment(
    printRow(row),
    (sketch) => {
      const { x, weight, bias, mean, inverseDeviation } = operands(row, sketch);
      return [
        {
          kind: 'layerNorm',
          node: 'norm',
          in: { x, weight, bias },
          out: { y: sketch.made('y', 'activation', row.dims), mean, inverseDeviation },
          update: {},
          epsilon: row.epsilon ?? 1e-5,
        },
      ];
    },
    row.options,
  ),
);

/** Includes the forward call, whose statistics the gradient reads. */
const layerNormGradientCases: readonly Fragment[] = rows
  .filter(({ role }) => role !== 'input')
  .map((row) =>
    fragment(
      printRow(row),
      (sketch) => {
        const { x, weight, bias, mean, inverseDeviation } = operands(row, sketch);
        const { given, made, hidden } = sketch;
        const channels = [row.dims[1]!];
        return [
          {
            kind: 'layerNorm',
            node: 'norm',
            in: { x, weight, bias },
            out: { y: hidden('normalized', 'activation', row.dims), mean, inverseDeviation },
            update: {},
            epsilon: row.epsilon ?? 1e-5,
          },
          {
            kind: 'layerNormGradient',
            node: 'norm',
            in: { x, dy: given('dy', 'activation', row.dims, normal), weight, mean, inverseDeviation },
            out: {
              dx: made('dx', 'activation', row.dims),
              dweight: made('grad:norm.weight', 'gradient', channels, weight),
              dbias: made('grad:norm.bias', 'gradient', channels, bias),
            },
            update: {},
          },
        ];
      },
      row.options,
    ),
  );

interface ResponseNormRow {
  readonly dims: readonly number[];
  readonly role?: TensorRole;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** With AlexNet's numbers the input hardly changes; a larger alpha shows the effect of the neighboring channels. */
const responseNormRows: readonly ResponseNormRow[] = [
  { dims: [2, 17, 5, 7], size: 5, alpha: 1e-4, beta: 0.75, k: 1 },
  { dims: [2, 17, 5, 7], size: 5, alpha: 2, beta: 0.75, k: 1 },
  { dims: [1, 16, 8, 8], size: 3, alpha: 0.5, beta: 0.5, k: 2 },
  { dims: [3, 40, 1, 1], size: 4, alpha: 1, beta: 0.75, k: 1 },
  { dims: [2, 24, 3, 9], size: 2, alpha: 1, beta: 1.5, k: 1 },
  { dims: [5, 3, 4, 7], size: 9, alpha: 1, beta: 0.75, k: 2 },
  { dims: [2, 1, 9, 4], size: 1, alpha: 1, beta: 0.75, k: 1 },
  { dims: [2, 3, 9, 9], role: 'input', size: 5, alpha: 0.1, beta: 0.75, k: 1 },
];

const printResponseNorm = ({ dims, role, size, alpha, beta, k }: ResponseNormRow) =>
  `${size} channels of [${dims.join(', ')}]${role === 'input' ? ' of the input' : ''}, alpha ${alpha}, beta ${beta}, k ${k}`;

const localResponseNormCases: readonly Fragment[] = responseNormRows.map((row) =>
  fragment(printResponseNorm(row), ({ given, made }) => {
    const { dims, role = 'activation', size, alpha, beta, k } = row;
    return [
      {
        kind: 'localResponseNorm',
        node: 'norm',
        in: { x: given('x', role, dims, normal) },
        out: { y: made('y', 'activation', dims) },
        update: {},
        ...{ size, alpha, beta, k },
      },
    ];
  }),
);

const localResponseNormGradientCases: readonly Fragment[] = responseNormRows
  .filter(({ role }) => role !== 'input')
  .map((row) =>
    fragment(printResponseNorm(row), ({ given, made }) => {
      const { dims, size, alpha, beta, k } = row;
      return [
        {
          kind: 'localResponseNormGradient',
          node: 'norm',
          in: { x: given('x', 'activation', dims, normal), dy: given('dy', 'activation', dims, normal) },
          out: { dx: made('dx', 'activation', dims) },
          update: {},
          ...{ size, alpha, beta, k },
        },
      ];
    }),
  );

/** The cases of this family by kind. */
export const channelNormTable = {
  layerNorm: layerNormCases,
  layerNormGradient: layerNormGradientCases,
  localResponseNorm: localResponseNormCases,
  localResponseNormGradient: localResponseNormGradientCases,
} satisfies Partial<CaseTable>;
