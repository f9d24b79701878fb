/** Convolutions over windows, channels and sizes, mostly odd ones. */

import type { Pair } from '../../graph/op.js';
import type { ConvolutionWindow, TensorRole } from '../../plan/plan.js';
import { normal, type Fill } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment } from './fragment.js';

interface Row {
  readonly title: string;
  readonly batch: number;
  readonly channels: number;
  readonly size: Pair;
  readonly out: number;
  readonly window: ConvolutionWindow;
  /** Default `activation`. */
  readonly role?: TensorRole;
}

function window(
  kernel: Pair | number,
  more: Partial<Record<'stride' | 'padding' | 'dilation', Pair | number>> & { groups?: number } = {},
): ConvolutionWindow {
  const pair = (value: Pair | number): Pair => (typeof value === 'number' ? [value, value] : value);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = more;
  return {
    kernel: pair(kernel),
    stride: pair(stride),
    padding: pair(padding),
    dilation: pair(dilation),
    groups,
  };
}

const same3 = window(3, { padding: 1 });

// prettier-ignore
const rows: readonly Row[] = [
  { title: '3×3 on 16 channels', batch: 2, channels: 16, size: [8, 8], out: 16, window: same3 },
  { title: '3×3 on wide maps of 64 channels', batch: 4, channels: 64, size: [8, 8], out: 64, window: same3 },
  { title: '3×3 from images of 3 channels', batch: 2, channels: 3, size: [32, 32], out: 16, window: same3, role: 'input' },
  { title: '3×3 from images of 1 channel', batch: 5, channels: 1, size: [28, 28], out: 24, window: same3, role: 'input' },
  { title: '3×3 from 3 channels of an activation', batch: 1, channels: 3, size: [9, 9], out: 17, window: same3 },
  { title: '3×3 from 1 channel to 1', batch: 5, channels: 1, size: [5, 7], out: 1, window: same3 },
  { title: '3×3 from 12 to 40 channels, batch of 1', batch: 1, channels: 12, size: [5, 7], out: 40, window: same3 },
  { title: '3×3 from 40 to 12 channels, batch of 5', batch: 5, channels: 40, size: [9, 9], out: 12, window: same3 },
  { title: '3×3 stride 2 on an odd size', batch: 2, channels: 16, size: [9, 9], out: 32, window: window(3, { stride: 2, padding: 1 }) },
  { title: '3×3 stride 2 on an even size', batch: 2, channels: 16, size: [32, 32], out: 32, window: window(3, { stride: 2, padding: 1 }) },
  { title: '3×3 stride 2 without padding on 5×7, 17 to 24 channels', batch: 3, channels: 17, size: [5, 7], out: 24, window: window(3, { stride: 2 }) },
  { title: '1×1 from 17 to 24 channels', batch: 2, channels: 17, size: [5, 7], out: 24, window: window(1) },
  { title: '1×1 from 64 to 16 channels', batch: 2, channels: 64, size: [8, 8], out: 16, window: window(1) },
  { title: '1×1 stride 2 on an even size', batch: 2, channels: 16, size: [8, 8], out: 32, window: window(1, { stride: 2 }) },
  { title: '1×1 stride 2 on an odd size, 40 to 12 channels', batch: 5, channels: 40, size: [9, 9], out: 12, window: window(1, { stride: 2 }) },
  { title: '1×1 on a map of 1×1', batch: 5, channels: 40, size: [1, 1], out: 17, window: window(1) },
  { title: '1×1 with padding: borders of bias alone', batch: 2, channels: 12, size: [5, 7], out: 17, window: window(1, { padding: 1 }) },
  { title: '3×3 on a map of 1×1', batch: 2, channels: 17, size: [1, 1], out: 24, window: same3 },
  { title: '3×3 with padding 2', batch: 1, channels: 16, size: [5, 7], out: 16, window: window(3, { padding: 2 }) },
  { title: '7×7 stride 2 from images of 32×32', batch: 2, channels: 3, size: [32, 32], out: 64, window: window(7, { stride: 2, padding: 3 }), role: 'input' },
  { title: '7×7 stride 2 on an odd size', batch: 1, channels: 12, size: [15, 15], out: 17, window: window(7, { stride: 2, padding: 3 }) },
  { title: '5×5 with padding from 3 to 40 channels', batch: 2, channels: 3, size: [9, 9], out: 40, window: window(5, { padding: 2 }) },
  { title: '5×5 without padding on 5×7', batch: 2, channels: 16, size: [5, 7], out: 24, window: window(5) },
  { title: 'a kernel as large as its input', batch: 5, channels: 24, size: [4, 4], out: 40, window: window(4) },
  { title: '2×2 stride 3, which skips rows and columns', batch: 2, channels: 12, size: [9, 9], out: 12, window: window(2, { stride: 3 }) },
  { title: '2×2 stride 2, 16 to 16 channels', batch: 2, channels: 16, size: [8, 8], out: 16, window: window(2, { stride: 2 }) },
  { title: '1×7 with padding of columns', batch: 2, channels: 16, size: [9, 9], out: 24, window: window([1, 7], { padding: [0, 3] }) },
  { title: '7×1 with padding of rows', batch: 2, channels: 24, size: [9, 9], out: 16, window: window([7, 1], { padding: [3, 0] }) },
  { title: '3×5, stride 1×2, padding 2×0', batch: 2, channels: 17, size: [5, 7], out: 12, window: window([3, 5], { stride: [1, 2], padding: [2, 0] }) },
  { title: '3×3 dilation 2', batch: 2, channels: 12, size: [9, 9], out: 12, window: window(3, { padding: 2, dilation: 2 }) },
  { title: '3×3 dilation 2, stride 2, 16 channels', batch: 2, channels: 16, size: [9, 9], out: 32, window: window(3, { stride: 2, padding: 2, dilation: 2 }) },
  { title: '3×2, dilation 1×3', batch: 1, channels: 16, size: [5, 7], out: 17, window: window([3, 2], { padding: [1, 1], dilation: [1, 3] }) },
  { title: '4 groups, 24 to 40 channels', batch: 2, channels: 24, size: [9, 9], out: 40, window: window(3, { padding: 1, groups: 4 }) },
  { title: '2 groups of 16 channels', batch: 2, channels: 32, size: [8, 8], out: 32, window: window(3, { padding: 1, groups: 2 }) },
  { title: '3 groups of 1×1, 12 to 24 channels, stride 2', batch: 3, channels: 12, size: [9, 9], out: 24, window: window(1, { stride: 2, groups: 3 }) },
  { title: 'depthwise 3×3 on 32 channels', batch: 2, channels: 32, size: [8, 8], out: 32, window: window(3, { padding: 1, groups: 32 }) },
  { title: 'depthwise 3×3 on 17 channels, stride 2', batch: 2, channels: 17, size: [9, 9], out: 17, window: window(3, { stride: 2, padding: 1, groups: 17 }) },
  { title: 'depthwise 5×5 on 24 channels, dilation 2', batch: 1, channels: 24, size: [9, 9], out: 24, window: window(5, { padding: 4, dilation: 2, groups: 24 }) },
  { title: 'depthwise 3×3 on 40 channels of maps smaller than the window', batch: 5, channels: 40, size: [1, 2], out: 40, window: window(3, { padding: 1, groups: 40 }) },
  { title: 'depthwise 7×4 on 18 channels, strides 3 and 2', batch: 2, channels: 18, size: [13, 12], out: 18, window: window([7, 4], { stride: [3, 2], padding: [3, 0], groups: 18 }) },
  { title: 'depthwise 3×3 with two outputs per channel', batch: 2, channels: 12, size: [5, 7], out: 24, window: window(3, { padding: 1, groups: 12 }) },
];

const dims = ({ batch, channels, size }: Row): number[] => [batch, channels, ...size];
const weightDims = ({ channels, out, window: { groups, kernel } }: Row): number[] => [
  out,
  channels / groups,
  ...kernel,
];

function outDims({ batch, size, out, window: { kernel, stride, padding, dilation } }: Row): number[] {
  const extent = (axis: 0 | 1) =>
    Math.floor((size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  return [batch, out, extent(0), extent(1)];
}

/** Weights as initialized, so that outputs are of about unit size for every kernel. */
function weightFill(row: Row): Fill {
  const [, ...rest] = weightDims(row);
  return { kind: 'normal', deviation: 1 / Math.sqrt(rest.reduce((product, size) => product * size, 1)) };
}

interface Extras {
  readonly bias: boolean;
  readonly addend: boolean;
  readonly relu: boolean;
}

function forward(row: Row, { bias, addend, relu }: Extras): Fragment {
  const extras = [bias && 'bias', addend && 'addend', relu && 'ReLU'].filter(Boolean);
  return fragment(`${row.title}${extras.length > 0 ? `, with ${extras.join(' and ')}` : ''}`, ({ given, made }) => [
    {
      kind: 'convolution',
      node: 'conv',
      in: {
        x: given('x', row.role ?? 'activation', dims(row), normal),
        weight: given('conv.weight', 'parameter', weightDims(row), weightFill(row)),
        ...(bias && { bias: given('conv.bias', 'parameter', [row.out], normal) }),
        ...(addend && { addend: given('addend', 'activation', outDims(row), normal) }),
      },
      out: { y: made('y', 'activation', outDims(row)) },
      update: {},
      window: row.window,
      relu,
    },
  ]);
}

/** Cycles through the combinations of extras: each window gets one, and each combination gets many windows. */
const combination = (number: number): Extras => ({
  bias: (number & 1) !== 0,
  addend: (number & 2) !== 0,
  relu: (number & 4) !== 0,
});

const convolutionCases: readonly Fragment[] = [
  ...rows.map((row, index) => forward(row, combination(index % 8))),
  ...Array.from({ length: 8 }, (_, number) =>
    forward({ ...rows[0]!, title: '3×3 on 24 channels', channels: 24, out: 24 }, combination(number)),
  ),
];

const convolutionDataGradientCases: readonly Fragment[] = rows
  .filter(({ role }) => role !== 'input')
  .map((row) =>
    fragment(row.title, ({ given, made }) => [
      {
        kind: 'convolutionDataGradient',
        node: 'conv',
        in: {
          dy: given('dy', 'activation', outDims(row), normal),
          weight: given('conv.weight', 'parameter', weightDims(row), weightFill(row)),
        },
        out: { dx: made('dx', 'activation', dims(row)) },
        update: {},
        window: row.window,
      },
    ]),
  );

/** Includes the forward call, as every real plan does: both share the weight's layout. */
const convolutionWeightGradientCases: readonly Fragment[] = rows.map((row, index) =>
  fragment(`${row.title}${index % 2 === 1 ? ', with bias' : ''}`, ({ given, made }) => {
    const x = given('x', row.role ?? 'activation', dims(row), normal);
    const weight = given('conv.weight', 'parameter', weightDims(row), weightFill(row));
    const bias = index % 2 === 1 ? given('conv.bias', 'parameter', [row.out], normal) : undefined;
    return [
      {
        kind: 'convolution',
        node: 'conv',
        in: { x, weight, ...(bias !== undefined && { bias }) },
        out: { y: made('y', 'activation', outDims(row)) },
        update: {},
        window: row.window,
        relu: false,
      },
      {
        kind: 'convolutionWeightGradient',
        node: 'conv',
        in: { x, dy: given('dy', 'activation', outDims(row), normal) },
        out: {
          dweight: made('grad:conv.weight', 'gradient', weightDims(row), weight),
          ...(bias !== undefined && { dbias: made('grad:conv.bias', 'gradient', [row.out], bias) }),
        },
        update: {},
        window: row.window,
      },
    ];
  }),
);

/** The cases of this family by kind. */
export const convolutionTable = {
  convolution: convolutionCases,
  convolutionDataGradient: convolutionDataGradientCases,
  convolutionWeightGradient: convolutionWeightGradientCases,
} satisfies Partial<CaseTable>;
