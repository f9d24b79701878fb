/** The training plan: one whole step, from images and targets to updated weights. */

import { RectioError } from '../base/error.js';
import type { Graph } from '../graph/graph.js';
import { createDraft, type Draft, finishPlan } from './draft.js';
import { fuse } from './fuse.js';
import { differentiate } from './gradients.js';
import { idsRead, idsWritten, numbered } from './kernels.js';
import { lowerGraph } from './lowering.js';
import { type Clipping, type OptimizerOptions, updateCall } from './optimizer.js';
import type { ConvolutionCall, KernelCall, Plan } from './plan.js';

export interface TrainingPlanOptions {
  /** Images in a batch, 1 or more. */
  readonly batch: number;
  /** In [0, 1); default 0. */
  readonly labelSmoothing?: number;
  /**
   * Without an optimizer nothing is updated, and every gradient is an output `grad:<parameter>` unless `gradientNorms` asks
   * for norms instead.
   */
  readonly optimizer?: OptimizerOptions;
  /**
   * For each convolution, the norm of its weight's gradient is an output `norm:<convolution>.weight`, and that of the
   * gradient with respect to what it reads an output `norm:<convolution>.input`, except if it reads the images.
   */
  readonly gradientNorms?: boolean;
  /** Clips the norm of all gradients together to this value, above 0; the norm before clipping is an output, `norm`. */
  readonly clipNorm?: number;
  /** Keeps exponential moving averages of parameters and running statistics, named `average:<name>`. */
  readonly averageDecay?: boolean;
  /** The parameters that the optimizer updates, by name; default: all that can be learned. */
  readonly trained?: ReadonlySet<string>;
  /** Seed of the dropout masks, a whole number; default 0. */
  readonly seed?: number;
}

/**
 * Lowers the graph, fuses calls, differentiates, and places each update as early as possible.
 * Inputs are `images` [N, …] and `targets` [N, classes]; outputs are `losses` [N] and `correct` [N] and, depending on the
 * options, `norm` [1], `grad:<parameter>`, and norms [1] of single gradients.
 * @throws RectioError `graph` if the graph is not well formed, `plan` if an option is invalid or the output is no vector.
 */
export function trainingPlan(graph: Graph, options: TrainingPlanOptions): Plan {
  checkOptions(graph, options);
  const {
    batch,
    labelSmoothing = 0,
    optimizer,
    clipNorm,
    averageDecay = false,
    gradientNorms = false,
    seed = 0,
    trained,
  } = options;
  const draft = createDraft();
  const lowered = lowerGraph(draft, graph, { mode: 'training', batch, seed, folds: new Map() });
  const forward = fuse(lowered.calls, [lowered.logits]);

  const loss = lossCall(draft, lowered.logits, labelSmoothing);
  const logitsGradient = { value: lowered.logits, gradient: loss.out.dlogits };
  const convolutions = gradientNorms ? forward.filter((call) => call.kind === 'convolution') : [];
  const measured = new Set(convolutions.flatMap(({ in: { x, weight } }) => [x, weight]));
  const trainable =
    trained === undefined ? lowered.trainable : lowered.trainable.filter((id) => trained.has(draft.tensor(id).name));
  const backward = differentiate(draft, forward, logitsGradient, trainable, measured);
  const step = [...forward, loss, ...backward.calls];

  const clipping = clipNorm === undefined ? undefined : { norm: draft.add('norm', 'small', [1]), clipNorm };
  const withNorm = clipping ? [...step, normCall([...backward.gradients.values()], clipping)] : step;
  const updated = optimizer
    ? placeUpdates(draft, withNorm, backward.gradients, optimizer, clipping, averageDecay)
    : withNorm;
  const averaged = averageDecay ? lowered.statistics.map((id) => averageCall(draft, id)) : [];

  const gradientOutputs =
    optimizer || gradientNorms
      ? []
      : [...backward.gradients].map(([parameter, gradient]) => [`grad:${draft.tensor(parameter).name}`, gradient]);
  return finishPlan(draft, {
    name: `${graph.name}, training, batch ${batch}`,
    mode: 'training',
    batch,
    calls: [...updated, ...averaged],
    inputs: { images: lowered.images, targets: loss.in.targets },
    outputs: {
      losses: loss.out.losses,
      correct: loss.out.correct,
      ...(clipping ? { norm: clipping.norm } : {}),
      ...Object.fromEntries(gradientOutputs),
      ...normOutputs(convolutions, backward.norms),
    },
  });
}

function normOutputs(
  convolutions: readonly ConvolutionCall[],
  norms: ReadonlyMap<number, number>,
): { readonly [name: string]: number } {
  const outputs = convolutions.flatMap(({ node, in: { x, weight } }) => [
    [`norm:${node}.weight`, norms.get(weight)] as const,
    [`norm:${node}.input`, norms.get(x)] as const,
  ]);
  return Object.fromEntries(outputs.flatMap(([name, id]) => (id === undefined ? [] : [[name, id]])));
}

function lossCall(draft: Draft, logits: number, labelSmoothing: number) {
  const { dims } = draft.tensor(logits);
  const images = [dims[0]!];
  return {
    kind: 'softmaxCrossEntropy',
    node: 'loss',
    in: { logits, targets: draft.add('targets', 'input', dims) },
    out: {
      losses: draft.add('losses', 'small', images),
      correct: draft.add('correct', 'small', images),
      dlogits: draft.add(`grad:${draft.tensor(logits).name}`, 'activation', dims),
    },
    update: {},
    labelSmoothing,
  } as const;
}

function normCall(gradients: readonly number[], { norm }: Clipping): KernelCall {
  return { kind: 'gradientNorm', node: 'norm', in: numbered(gradients), out: { norm }, update: {} };
}

function averageCall(draft: Draft, of: number): KernelCall {
  const { name, dims } = draft.tensor(of);
  const average = draft.add(`average:${name}`, 'average', dims, { of });
  return { kind: 'movingAverage', node: name, in: { x: of }, out: {}, update: { average } };
}

/**
 * Places each parameter's update directly after its gradient is computed and the old value is read for the last time, so
 * that gradients have short lifetimes.
 */
function placeUpdates(
  draft: Draft,
  calls: readonly KernelCall[],
  gradients: ReadonlyMap<number, number>,
  optimizer: OptimizerOptions,
  clipping: Clipping | undefined,
  averageDecay: boolean,
): KernelCall[] {
  const lastTouched = new Map<number, number>();
  calls.forEach((call, index) => {
    for (const id of [...idsRead(call), ...idsWritten(call)]) lastTouched.set(id, index);
  });
  const behind = calls.map((call) => [call]);
  for (const [parameter, gradient] of gradients) {
    const update = updateCall(draft, optimizer, parameter, gradient, clipping);
    const place = Math.max(...idsRead(update).map((id) => lastTouched.get(id) ?? 0));
    behind[place]!.push(update, ...(averageDecay ? [averageCall(draft, parameter)] : []));
  }
  return behind.flat();
}

function checkOptions(graph: Graph, { labelSmoothing, optimizer, clipNorm, averageDecay }: TrainingPlanOptions): void {
  const refuse = (message: string, hint: string): never => {
    throw new RectioError('plan', `${graph.name}: ${message}`, hint);
  };
  if (labelSmoothing !== undefined && !(labelSmoothing >= 0 && labelSmoothing < 1)) {
    refuse(`label smoothing is ${labelSmoothing}.`, 'Give a number from 0 up to, but not including, 1.');
  }
  if (clipNorm !== undefined && !(clipNorm > 0 && Number.isFinite(clipNorm))) {
    refuse(
      `gradients would be clipped to the norm ${clipNorm}.`,
      'Give a number above 0, or leave it out for no clipping.',
    );
  }
  if (averageDecay && !optimizer) {
    refuse('weights would be averaged but no optimizer changes them.', 'Give an optimizer as well.');
  }
}
