/** Pooling with overlapping windows, padding, and output sizes that are rounded up. */

import type { Pair } from '../../graph/op.js';
import type { TensorRole, Window } from '../../plan/plan.js';
import { integers, normal, type Fill } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment } from './fragment.js';

interface Row {
  readonly title: string;
  readonly dims: readonly [batch: number, channels: number, height: number, width: number];
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding?: Pair;
  /** Whether the output size is rounded up. */
  readonly ceil?: boolean;
  readonly x?: Fill;
  readonly role?: TensorRole;
}

const rows: readonly Row[] = [
  { title: '2×2', dims: [2, 16, 8, 8], kernel: [2, 2], stride: [2, 2] },
  { title: '2×2, which leaves out a last row and column', dims: [1, 17, 5, 7], kernel: [2, 2], stride: [2, 2] },
  { title: '2×2, rounded up', dims: [5, 17, 5, 7], kernel: [2, 2], stride: [2, 2], ceil: true },
  { title: '3×3 stride 2 with padding', dims: [2, 24, 9, 9], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { title: '3×3 stride 2 with padding', dims: [1, 64, 16, 16], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { title: '3×3 stride 2, rounded up', dims: [2, 12, 6, 6], kernel: [3, 3], stride: [2, 2], ceil: true },
  {
    title: '3×3 stride 2 with padding, rounded up',
    dims: [2, 40, 8, 8],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    ceil: true,
  },
  { title: '3×3 stride 1 with padding', dims: [2, 16, 5, 7], kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
  { title: '2×3, stride 1×2, padding 0×1', dims: [3, 12, 5, 7], kernel: [2, 3], stride: [1, 2], padding: [0, 1] },
  { title: '2×2 stride 3, which skips rows and columns', dims: [2, 3, 9, 9], kernel: [2, 2], stride: [3, 3] },
  { title: 'the whole map', dims: [5, 40, 5, 7], kernel: [5, 7], stride: [5, 7] },
  { title: '15×15', dims: [1, 3, 17, 17], kernel: [15, 15], stride: [1, 1] },
  { title: '1×1 stride 2', dims: [2, 1, 9, 9], kernel: [1, 1], stride: [2, 2] },
  { title: 'ties', dims: [2, 24, 9, 9], kernel: [3, 3], stride: [2, 2], padding: [1, 1], x: integers(-1, 1) },
  { title: 'the input', dims: [2, 3, 9, 9], kernel: [3, 3], stride: [2, 2], padding: [1, 1], role: 'input' },
];

const title = (row: Row, more = '') => `${row.title}, [${row.dims.join(', ')}]${more}`;
const windowOf = ({ kernel, stride, padding = [0, 0] }: Row): Window => ({ kernel, stride, padding });

function outDims({ dims, kernel, stride, padding = [0, 0], ceil = false }: Row): number[] {
  const extent = (axis: 0 | 1) => {
    const size = dims[axis + 2]!;
    const steps = (size + 2 * padding[axis] - kernel[axis]) / stride[axis];
    const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would start in the padding at the end is left out.
    return ceil && (count - 1) * stride[axis] >= size + padding[axis] ? count - 1 : count;
  };
  return [dims[0], dims[1], extent(0), extent(1)];
}

const maxPoolCases: readonly Fragment[] = rows.map((row) =>
  fragment(title(row), ({ given, made }) => [
    {
      kind: 'maxPool',
      node: 'pool',
      in: { x: given('x', row.role ?? 'activation', row.dims, row.x ?? normal) },
      out: { y: made('y', 'activation', outDims(row)) },
      update: {},
      window: windowOf(row),
    },
  ]),
);

/** Includes the forward call, which writes the index in the engine's own layout. */
const maxPoolGradientCases: readonly Fragment[] = rows.map((row) =>
  fragment(title(row), ({ given, made, hidden }) => {
    const index = hidden('index', 'activation', outDims(row), 'uint8');
    return [
      {
        kind: 'maxPool',
        node: 'pool',
        in: { x: given('x', row.role ?? 'activation', row.dims, row.x ?? normal) },
        out: { y: made('y', 'activation', outDims(row)), index },
        update: {},
        window: windowOf(row),
      },
      {
        kind: 'maxPoolGradient',
        node: 'pool',
        in: { dy: given('dy', 'activation', outDims(row), normal), index },
        out: { dx: made('dx', 'activation', row.dims) },
        update: {},
        window: windowOf(row),
      },
    ];
  }),
);

/** With and without counting the padding; this makes a difference only with padding or rounding up. */
const averaged = rows.flatMap((row) =>
  row.padding || row.ceil
    ? [
        { row, countPadding: true, more: ', padding counts' },
        { row, countPadding: false, more: ', padding does not count' },
      ]
    : [{ row, countPadding: false, more: '' }],
);

const averagePoolCases: readonly Fragment[] = averaged.map(({ row, countPadding, more }) =>
  fragment(title(row, more), ({ given, made }) => [
    {
      kind: 'averagePool',
      node: 'pool',
      in: { x: given('x', row.role ?? 'activation', row.dims, row.x ?? normal) },
      out: { y: made('y', 'activation', outDims(row)) },
      update: {},
      window: windowOf(row),
      countPadding,
    },
  ]),
);

const averagePoolGradientCases: readonly Fragment[] = averaged
  .filter(({ row }) => row.role !== 'input')
  .map(({ row, countPadding, more }) =>
    fragment(title(row, more), ({ given, made }) => [
      {
        kind: 'averagePoolGradient',
        node: 'pool',
        in: { dy: given('dy', 'activation', outDims(row), normal) },
        out: { dx: made('dx', 'activation', row.dims) },
        update: {},
        window: windowOf(row),
        countPadding,
      },
    ]),
  );

const maps: readonly Row['dims'][] = [
  [2, 16, 8, 8],
  [1, 17, 5, 7],
  [5, 40, 9, 9],
  [3, 3, 1, 1],
  [2, 64, 32, 32],
];
const pooled = ([batch, channels]: Row['dims']) => [batch, channels, 1, 1];

const globalAveragePoolCases: readonly Fragment[] = [
  ...maps.map((dims) => ({ dims, role: 'activation' as TensorRole })),
  { dims: [2, 3, 9, 9] as const, role: 'input' as TensorRole },
].map(({ dims, role }) =>
  fragment(`[${dims.join(', ')}]${role === 'input' ? ' of the input' : ''}`, ({ given, made }) => [
    {
      kind: 'globalAveragePool',
      node: 'pool',
      in: { x: given('x', role, dims, normal) },
      out: { y: made('y', 'activation', pooled(dims)) },
      update: {},
    },
  ]),
);

const globalAveragePoolGradientCases: readonly Fragment[] = maps.map((dims) =>
  fragment(`[${dims.join(', ')}]`, ({ given, made }) => [
    {
      kind: 'globalAveragePoolGradient',
      node: 'pool',
      in: { dy: given('dy', 'activation', pooled(dims), normal) },
      out: { dx: made('dx', 'activation', dims) },
      update: {},
    },
  ]),
);

const adapted: readonly { readonly dims: Row['dims']; readonly size: Pair; readonly role?: TensorRole }[] = [
  { dims: [2, 17, 5, 7], size: [3, 2] },
  { dims: [1, 16, 8, 8], size: [4, 4] },
  { dims: [2, 40, 9, 6], size: [6, 6] },
  { dims: [1, 3, 13, 5], size: [1, 1] },
  // More windows than elements: every element is repeated.
  { dims: [5, 3, 1, 1], size: [7, 7] },
  { dims: [3, 24, 7, 4], size: [7, 9] },
  { dims: [2, 3, 9, 10], size: [4, 3], role: 'input' },
];
const printAdapted = (dims: Row['dims'], size: Pair) => `[${dims.join(', ')}] to ${size[0]}×${size[1]}`;

const adaptiveAveragePoolCases: readonly Fragment[] = adapted.map(({ dims, size, role = 'activation' }) =>
  fragment(`${printAdapted(dims, size)}${role === 'input' ? ', the input' : ''}`, ({ given, made }) => [
    {
      kind: 'adaptiveAveragePool',
      node: 'pool',
      in: { x: given('x', role, dims, normal) },
      out: { y: made('y', 'activation', [dims[0], dims[1], ...size]) },
      update: {},
    },
  ]),
);

const adaptiveAveragePoolGradientCases: readonly Fragment[] = adapted
  .filter(({ role }) => role !== 'input')
  .map(({ dims, size }) =>
    fragment(printAdapted(dims, size), ({ given, made }) => [
      {
        kind: 'adaptiveAveragePoolGradient',
        node: 'pool',
        in: { dy: given('dy', 'activation', [dims[0], dims[1], ...size], normal) },
        out: { dx: made('dx', 'activation', dims) },
        update: {},
      },
    ]),
  );

/** The cases of this family by kind. */
export const poolingTable = {
  maxPool: maxPoolCases,
  maxPoolGradient: maxPoolGradientCases,
  averagePool: averagePoolCases,
  averagePoolGradient: averagePoolGradientCases,
  globalAveragePool: globalAveragePoolCases,
  globalAveragePoolGradient: globalAveragePoolGradientCases,
  adaptiveAveragePool: adaptiveAveragePoolCases,
  adaptiveAveragePoolGradient: adaptiveAveragePoolGradientCases,
} satisfies Partial<CaseTable>;
