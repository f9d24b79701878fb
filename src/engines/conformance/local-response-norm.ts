/** Local response norm: odd and even windows, and windows wider than there are channels. */

import type { TensorRole } from '../../plan/plan.js';
import { normal } from '../../testing/values.js';
import { fragment, type Fragment } from './fragment.js';

interface Row {
  readonly dims: readonly number[];
  readonly role?: TensorRole;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** AlexNet's numbers hardly change what they see; a larger alpha shows what the neighbors do. */
const rows: readonly Row[] = [
  { dims: [2, 17, 5, 7], size: 5, alpha: 1e-4, beta: 0.75, k: 1 },
  { dims: [2, 17, 5, 7], size: 5, alpha: 2, beta: 0.75, k: 1 },
  { dims: [1, 16, 8, 8], size: 3, alpha: 0.5, beta: 0.5, k: 2 },
  { dims: [3, 40, 1, 1], size: 4, alpha: 1, beta: 0.75, k: 1 },
  { dims: [2, 24, 3, 9], size: 2, alpha: 1, beta: 1.5, k: 1 },
  { dims: [5, 3, 4, 7], size: 9, alpha: 1, beta: 0.75, k: 2 },
  { dims: [2, 1, 9, 4], size: 1, alpha: 1, beta: 0.75, k: 1 },
  { dims: [2, 3, 9, 9], role: 'input', size: 5, alpha: 0.1, beta: 0.75, k: 1 },
];

const printRow = ({ dims, role, size, alpha, beta, k }: Row) =>
  `${size} channels of [${dims.join(', ')}]${role === 'input' ? ' of the input' : ''}, alpha ${alpha}, beta ${beta}, k ${k}`;

export const localResponseNormCases: readonly Fragment[] = rows.map((row) =>
  fragment(printRow(row), ({ given, made }) => {
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

export const localResponseNormGradientCases: readonly Fragment[] = rows
  .filter(({ role }) => role !== 'input')
  .map((row) =>
    fragment(printRow(row), ({ given, made }) => {
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
