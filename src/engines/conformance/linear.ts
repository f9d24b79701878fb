/** Fully connected layers, the loss behind them, and the reshaping before them. */

import { constant, integers, normal, type Fill } from '../../testing/values.js';
import { type CaseTable, fragment, type Fragment } from './fragment.js';

const sizes: readonly { readonly batch: number; readonly inputs: number; readonly outputs: number }[] = [
  { batch: 2, inputs: 64, outputs: 10 },
  { batch: 5, inputs: 17, outputs: 3 },
  { batch: 1, inputs: 40, outputs: 24 },
  { batch: 3, inputs: 1, outputs: 1 },
  { batch: 2, inputs: 512, outputs: 1000 },
];

const both = sizes.flatMap((size) => [true, false].map((bias) => ({ ...size, bias })));
const title = ({ batch, inputs, outputs }: (typeof sizes)[number]) => `${inputs} to ${outputs}, batch of ${batch}`;
const withBias = (bias: boolean) => (bias ? ', with bias' : '');

const linearCases: readonly Fragment[] = both.map(({ bias, ...size }) =>
  fragment(`${title(size)}${withBias(bias)}`, ({ given, made }) => [
    {
      kind: 'linear',
      node: 'fc',
      in: {
        x: given('x', 'activation', [size.batch, size.inputs], normal),
        weight: given('fc.weight', 'parameter', [size.outputs, size.inputs], normal),
        ...(bias && { bias: given('fc.bias', 'parameter', [size.outputs], normal) }),
      },
      out: { y: made('y', 'activation', [size.batch, size.outputs]) },
      update: {},
    },
  ]),
);

const linearDataGradientCases: readonly Fragment[] = sizes.map((size) =>
  fragment(title(size), ({ given, made }) => [
    {
      kind: 'linearDataGradient',
      node: 'fc',
      in: {
        dy: given('dy', 'activation', [size.batch, size.outputs], normal),
        weight: given('fc.weight', 'parameter', [size.outputs, size.inputs], normal),
      },
      out: { dx: made('dx', 'activation', [size.batch, size.inputs]) },
      update: {},
    },
  ]),
);

const linearWeightGradientCases: readonly Fragment[] = both.map(({ bias, ...size }) =>
  fragment(`${title(size)}${withBias(bias)}`, ({ given, made }) => {
    const x = given('x', 'activation', [size.batch, size.inputs], normal);
    const weight = given('fc.weight', 'parameter', [size.outputs, size.inputs], normal);
    const biasId = bias ? given('fc.bias', 'parameter', [size.outputs], normal) : undefined;
    return [
      {
        kind: 'linear',
        node: 'fc',
        in: { x, weight, ...(biasId !== undefined && { bias: biasId }) },
        out: { y: made('y', 'activation', [size.batch, size.outputs]) },
        update: {},
      },
      {
        kind: 'linearWeightGradient',
        node: 'fc',
        in: { x, dy: given('dy', 'activation', [size.batch, size.outputs], normal) },
        out: {
          dweight: made('grad:fc.weight', 'gradient', [size.outputs, size.inputs], weight),
          ...(biasId !== undefined && { dbias: made('grad:fc.bias', 'gradient', [size.outputs], biasId) }),
        },
        update: {},
      },
    ];
  }),
);

const oneHot = (classes: number): Fill => ({ kind: 'oneHot', classes });
const distribution = (classes: number): Fill => ({ kind: 'distribution', classes });

// prettier-ignore
const losses: readonly { title: string; batch: number; classes: number; logits: Fill; targets: Fill; labelSmoothing: number }[] = [
  { title: '10 classes', batch: 5, classes: 10, logits: normal, targets: oneHot(10), labelSmoothing: 0 },
  { title: '10 classes, smoothed', batch: 5, classes: 10, logits: normal, targets: oneHot(10), labelSmoothing: 0.1 },
  { title: 'soft targets', batch: 8, classes: 17, logits: normal, targets: distribution(17), labelSmoothing: 0 },
  { title: 'soft targets, smoothed', batch: 1, classes: 17, logits: normal, targets: distribution(17), labelSmoothing: 0.2 },
  { title: '1000 classes', batch: 2, classes: 1000, logits: normal, targets: oneHot(1000), labelSmoothing: 0.1 },
  { title: 'logits that would overflow an exponential', batch: 5, classes: 10, logits: { kind: 'normal', deviation: 200 }, targets: oneHot(10), labelSmoothing: 0 },
  { title: 'logits with ties: the first one counts as the answer', batch: 40, classes: 4, logits: integers(0, 2), targets: oneHot(4), labelSmoothing: 0 },
  { title: 'logits that are all the same', batch: 3, classes: 10, logits: constant(0.5), targets: oneHot(10), labelSmoothing: 0 },
];

const softmaxCrossEntropyCases: readonly Fragment[] = losses.map(
  ({ title: name, batch, classes, logits, targets, labelSmoothing }) =>
    fragment(name, ({ given, made }) => [
      {
        kind: 'softmaxCrossEntropy',
        node: 'loss',
        in: {
          logits: given('logits', 'activation', [batch, classes], logits),
          targets: given('targets', 'input', [batch, classes], targets),
        },
        out: {
          losses: made('losses', 'small', [batch]),
          correct: made('correct', 'small', [batch]),
          dlogits: made('dlogits', 'activation', [batch, classes]),
        },
        update: {},
        labelSmoothing,
      },
    ]),
);

const maps: readonly (readonly [number, number, number, number])[] = [
  [2, 17, 3, 5],
  [5, 16, 4, 4],
  [3, 40, 1, 1],
  [1, 3, 5, 7],
];
const vectors = (map: (typeof maps)[number]): number[] => [map[0], map[1] * map[2] * map[3]];

const flattenCases: readonly Fragment[] = [
  ...maps.map((map) => ({ map, role: 'activation' as const })),
  { map: maps[3]!, role: 'input' as const },
].map(({ map, role }) =>
  fragment(`[${map.join(', ')}]${role === 'input' ? ' of the input' : ''}`, ({ given, made }) => [
    {
      kind: 'flatten',
      node: 'flatten',
      in: { x: given('x', role, map, normal) },
      out: { y: made('y', 'activation', vectors(map)) },
      update: {},
    },
  ]),
);

const unflattenCases: readonly Fragment[] = maps.map((map) =>
  fragment(`to [${map.join(', ')}]`, ({ given, made }) => [
    {
      kind: 'unflatten',
      node: 'flatten',
      in: { x: given('x', 'activation', vectors(map), normal) },
      out: { y: made('y', 'activation', map) },
      update: {},
    },
  ]),
);

/** The cases of this family by kind. */
export const linearTable = {
  linear: linearCases,
  linearDataGradient: linearDataGradientCases,
  linearWeightGradient: linearWeightGradientCases,
  softmaxCrossEntropy: softmaxCrossEntropyCases,
  flatten: flattenCases,
  unflatten: unflattenCases,
} satisfies Partial<CaseTable>;
