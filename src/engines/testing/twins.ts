/** Compares an engine's numbers with those of a network's twin, the reference implementation. */

import { graphParameters, type Graph } from '../../graph/index.js';
import { foldWeights, inferencePlan, trainingPlan, type Plan } from '../../plan/index.js';
import { checksum, checksumError, formulaImages, formulaTargets, type Checksum } from '../../zoo/testing/formulas.js';
import {
  entriesOf,
  entryOf,
  readTwin,
  type Twin,
  twinGraph,
  twinNames,
  twinWeights,
  withoutDropout,
} from '../../zoo/testing/twins.js';
import type { RunInputs } from '../engine.js';

/** The result of one step: the plan's outputs, and its persistent tensors afterwards. */
export interface StepResult {
  readonly outputs: ReadonlyMap<string, ArrayLike<number>>;
  readonly persistent: ReadonlyMap<string, ArrayLike<number>>;
}

/** Computes one step of a plan from inputs and from weights by the plan's names. */
export type RunStep = (
  plan: Plan,
  weights: ReadonlyMap<string, Float32Array>,
  inputs: RunInputs,
) => StepResult | Promise<StepResult>;

/** Set by `bench/check-twins.js`: `all`, or names separated by commas. */
const asked = process.env['RECTIO_TWINS'];

/** The networks to compare: the requested ones, or else `quick`. */
export function chosenTwins(quick: readonly string[]): readonly string[] {
  if (asked === undefined) return quick;
  return asked === 'all' ? twinNames : asked.split(',');
}

/** Prints a network's errors and time if networks were requested. */
export function tell(name: string, what: string, error: number, milliseconds: number, detail = ''): void {
  if (asked === undefined) return;
  const columns = [
    name.padEnd(20),
    what,
    error.toExponential(1),
    `${(milliseconds / 1000).toFixed(1)} s`.padStart(8),
    detail,
  ];
  process.stdout.write(`${columns.join('  ').trimEnd()}\n`);
}

/** The largest error of the logits in evaluation mode, relative to the size of an image's logits. */
export async function logitsError(name: string, run: RunStep): Promise<number> {
  const twin = readTwin(name);
  const { evaluation } = twin;
  const graph = twinGraph(twin, evaluation.images.slice(1));
  const [batch] = evaluation.images;
  const plan = inferencePlan(graph, { batch });
  const { outputs } = await run(plan, foldWeights(graph, twinWeights(twin, graph)), {
    images: formulaImages(evaluation.images),
  });
  const logits = Array.from(outputs.get('logits')!);
  const classes = logits.length / batch;
  return Math.max(
    ...evaluation.logits.map((expected, image) =>
      checksumError(checksum(logits.slice(image * classes, (image + 1) * classes)), expected),
    ),
  );
}

export interface TensorError {
  /** `losses`, the parameter of a gradient, or a running statistic. */
  readonly tensor: string;
  /** Relative to the tensor's norm. */
  readonly error: number;
}

/** The errors of losses, gradients and running statistics after one step of training, largest first. */
export async function trainingErrors(name: string, run: RunStep): Promise<TensorError[]> {
  const twin = readTwin(name);
  const { training } = twin;
  if (!training) throw new Error(`The fixture of ${name} has no step of training.`);
  const graph = withoutDropout(twinGraph(twin, training.images.slice(1)));
  const [batch] = training.images;
  const plan = trainingPlan(graph, { batch });
  const [, classes] = plan.tensors[plan.inputs['targets']!]!.dims;
  const { outputs, persistent } = await run(plan, twinWeights(twin, graph), {
    images: formulaImages(training.images),
    targets: formulaTargets(batch, classes!),
  });

  const expected = checksumsByName(twin, graph, training.checksums);
  const losses = checksumError(Array.from(outputs.get('losses')!), training.losses);
  const tensors = graphParameters(graph).map(({ name: tensor, node, trainable }) => {
    const values = trainable ? outputs.get(`grad:${tensor}`)! : persistent.get(tensor)!;
    const own = expected.get(tensor)!;
    return { tensor, error: checksumError(checksum(values), own, floorOf(node, own, expected)) };
  });
  return [{ tensor: 'losses', error: losses }, ...tensors].toSorted((a, b) => b.error - a.error);
}

/** The twin's checksums by the names used here. */
function checksumsByName(twin: Twin, graph: Graph, checksums: readonly Checksum[]): Map<string, Checksum> {
  const byEntry = new Map(entriesOf(twin).map((entry, index) => [entry, checksums[index]!]));
  return new Map(graphParameters(graph).map((parameter) => [parameter.name, byEntry.get(entryOf(twin, parameter))!]));
}

/**
 * Some gradients are zero except for rounding, for example those of a bias in front of a batch norm. They have no magnitude
 * to measure against; the magnitude of the gradient of their node's weight takes its place.
 */
function floorOf(node: string, own: Checksum, expected: ReadonlyMap<string, Checksum>): number {
  const weight = expected.get(`${node}.weight`)?.[0] ?? 0;
  return own[0]! < 1e-9 * weight ? weight : 0;
}
