/** Sums, and kernels that move channels. Channel counts that are not multiples of 16 test the native engine's blocks. */

import type { NumberedIds, TensorRole } from '../../plan/plan.js';
import { normal } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment, type Sketch } from './fragment.js';

/** [N, C, …] with another number of channels. */
const withChannels = (channels: number, [batch = 1, , ...spatial]: readonly number[]) => [batch, channels, ...spatial];

function givenAll({ given }: Sketch, shapes: readonly (readonly number[])[], first: TensorRole): NumberedIds {
  return Object.fromEntries(
    shapes.map((dims, index) => [`x${index}`, given(`x${index}`, index === 0 ? first : 'activation', dims, normal)]),
  );
}

const sums: readonly { readonly dims: readonly number[]; readonly count: number; readonly role?: TensorRole }[] = [
  { dims: [2, 16, 8, 8], count: 2 },
  { dims: [1, 17, 5, 7], count: 3 },
  { dims: [5, 40, 9, 9], count: 4 },
  { dims: [5, 3, 1, 1], count: 2 },
  { dims: [5, 10], count: 2 },
  { dims: [2, 12, 5, 7], count: 12 },
  { dims: [2, 3, 9, 9], count: 2, role: 'input' },
];

const sumCases: readonly Fragment[] = sums.flatMap(({ dims, count, role = 'activation' }) =>
  [false, true].map((relu) =>
    fragment(
      `${count} of [${dims.join(', ')}]${relu ? ', with ReLU' : ''}${role === 'input' ? ', one the input' : ''}`,
      (sketch) => [
        {
          kind: 'sum',
          node: 'add',
          in: givenAll(
            sketch,
            Array.from({ length: count }, () => dims),
            role,
          ),
          out: { y: sketch.made('y', 'activation', dims) },
          update: {},
          relu,
        },
      ],
    ),
  ),
);

const joins: readonly {
  readonly widths: readonly number[];
  readonly like: readonly number[];
  readonly role?: TensorRole;
}[] = [
  { widths: [16, 16], like: [2, 0, 8, 8] },
  { widths: [16, 32, 16], like: [2, 0, 5, 7] },
  { widths: [3, 17, 24], like: [1, 0, 5, 7] },
  { widths: [12, 40], like: [5, 0, 9, 9] },
  { widths: [1, 1, 1, 1, 1], like: [2, 0, 1, 1] },
  { widths: [17, 15, 16], like: [3, 0, 4, 4] },
  { widths: [3, 16], like: [2, 0, 9, 9], role: 'input' },
  { widths: [10, 7], like: [5, 0] },
];

const concatCases: readonly Fragment[] = joins.map(({ widths, like, role = 'activation' }) =>
  fragment(
    `${widths.join(' + ')} channels of [${like.join(', ')}]${role === 'input' ? ', one the input' : ''}`,
    (sketch) => [
      {
        kind: 'concat',
        node: 'cat',
        in: givenAll(
          sketch,
          widths.map((width) => withChannels(width, like)),
          role,
        ),
        out: {
          y: sketch.made(
            'y',
            'activation',
            withChannels(
              widths.reduce((total, width) => total + width, 0),
              like,
            ),
          ),
        },
        update: {},
      },
    ],
  ),
);

const cuts: readonly {
  readonly of: readonly number[];
  readonly start: number;
  readonly count: number;
  readonly role?: TensorRole;
}[] = [
  { of: [2, 32, 8, 8], start: 0, count: 16 },
  { of: [2, 32, 8, 8], start: 16, count: 16 },
  { of: [2, 40, 5, 7], start: 5, count: 17 },
  { of: [5, 40, 5, 7], start: 17, count: 23 },
  { of: [1, 17, 9, 9], start: 16, count: 1 },
  { of: [1, 24, 1, 1], start: 1, count: 22 },
  { of: [3, 64, 4, 4], start: 16, count: 33 },
  { of: [2, 12, 5, 7], start: 0, count: 12 },
  { of: [5, 17], start: 3, count: 10 },
  { of: [2, 17, 7, 5], start: 1, count: 3, role: 'input' },
];

const sliceChannelsCases: readonly Fragment[] = cuts.map(({ of, start, count, role = 'activation' }) =>
  fragment(
    `channels ${start} to ${start + count - 1} of [${of.join(', ')}]${role === 'input' ? ' of the input' : ''}`,
    ({ given, made }) => [
      {
        kind: 'sliceChannels',
        node: 'slice',
        in: { x: given('x', role, of, normal) },
        out: { y: made('y', 'activation', withChannels(count, of)) },
        update: {},
        start,
      },
    ],
  ),
);

const shuffles: readonly { readonly of: readonly number[]; readonly groups: number; readonly role?: TensorRole }[] = [
  { of: [2, 12, 5, 7], groups: 3 },
  { of: [1, 34, 7, 4], groups: 2 },
  { of: [1, 34, 7, 4], groups: 17 },
  { of: [3, 64, 8, 8], groups: 4 },
  { of: [5, 3, 1, 1], groups: 3 },
  { of: [2, 17, 3, 9], groups: 1 },
  { of: [2, 58, 1, 1], groups: 2 },
  { of: [2, 6, 9, 9], groups: 2, role: 'input' },
];

const channelShuffleCases: readonly Fragment[] = shuffles.map(({ of, groups, role = 'activation' }) =>
  fragment(`${groups} groups in [${of.join(', ')}]${role === 'input' ? ' of the input' : ''}`, ({ given, made }) => [
    {
      kind: 'channelShuffle',
      node: 'shuffle',
      in: { x: given('x', role, of, normal) },
      out: { y: made('y', 'activation', of) },
      update: {},
      groups,
    },
  ]),
);

const pads: readonly {
  readonly of: readonly number[];
  readonly before: number;
  readonly after: number;
  readonly role?: TensorRole;
}[] = [
  { of: [2, 16, 8, 8], before: 8, after: 8 },
  { of: [2, 16, 8, 8], before: 16, after: 16 },
  { of: [5, 3, 5, 7], before: 1, after: 20 },
  { of: [1, 17, 9, 9], before: 0, after: 23 },
  { of: [1, 40, 1, 1], before: 24, after: 0 },
  { of: [3, 12, 4, 4], before: 0, after: 4 },
  { of: [2, 17, 7, 5], before: 17, after: 3 },
  { of: [2, 3, 9, 9], before: 5, after: 9, role: 'input' },
];

const padChannelsCases: readonly Fragment[] = pads.map(({ of, before, after, role = 'activation' }) =>
  fragment(
    `${before} before and ${after} behind [${of.join(', ')}]${role === 'input' ? ' of the input' : ''}`,
    ({ given, made }) => [
      {
        kind: 'padChannels',
        node: 'pad',
        in: { x: given('x', role, of, normal) },
        out: { y: made('y', 'activation', withChannels(before + of[1]! + after, of)) },
        update: {},
        before,
      },
    ],
  ),
);

/** The cases of this family by kind. */
export const structureTable = {
  sum: sumCases,
  concat: concatCases,
  sliceChannels: sliceChannelsCases,
  channelShuffle: channelShuffleCases,
  padChannels: padChannelsCases,
} satisfies Partial<CaseTable>;
