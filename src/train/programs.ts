/** The two compiled halves of a training: the step, and the evaluation. */

import type { Engine, Program, Tuning } from '../engines/engine.js';
import { initializeWeights, type Graph } from '../graph/index.js';
import { foldWeights, inferencePlan, trainingPlan, type Plan } from '../plan/index.js';
import type { TrainConfig } from '../config/index.js';
import type { StoredTensor } from '../formats/index.js';

export interface Programs {
  readonly plan: Plan;
  readonly training: Program;
  readonly inference: Program;
  readonly tuning: ProgramTuning;
  dispose(): Promise<void>;
}

export interface ProgramTuning {
  readonly training: Tuning;
  readonly inference: Tuning;
}

/** Compiles both plans of a graph; with `tuning` as an earlier compilation chose. */
export async function compilePrograms(
  engine: Engine,
  graph: Graph,
  config: TrainConfig,
  tuning?: ProgramTuning,
): Promise<Programs> {
  const plan = trainingPlan(graph, {
    batch: config.batch,
    labelSmoothing: config.labelSmoothing,
    optimizer: config.optimizer,
    averageDecay: config.averageDecay !== null,
    seed: config.seed,
    ...(config.clipNorm === null ? {} : { clipNorm: config.clipNorm }),
  });
  const evaluation = inferencePlan(graph, { batch: config.evaluation.batch });
  const training = await engine.compile(plan, tuning && { tuning: tuning.training });
  let inference: Program;
  try {
    inference = await engine.compile(evaluation, tuning && { tuning: tuning.inference });
  } catch (error) {
    await training.dispose();
    throw error;
  }
  return {
    plan,
    training,
    inference,
    tuning: { training: training.tuning, inference: inference.tuning },
    dispose: async () => {
      await Promise.all([training.dispose(), inference.dispose()]);
    },
  };
}

/**
 * Sets a training program to the state before the first step: weights that are given, the others drawn from the seed.
 * Averages begin at the initial weights.
 */
export async function writeInitialState(
  { plan, training }: Programs,
  graph: Graph,
  seed: number,
  given?: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const weights = initializeWeights(graph, seed, given);
  for (const { name, role, of } of plan.tensors) {
    if (role === 'parameter' || role === 'statistic') await training.write(name, weights.get(name)!);
    if (role === 'average') await training.write(name, weights.get(plan.tensors[of!]!.name)!);
  }
}

/** The weights that are evaluated, by their state_dict names: the averages if enabled, else the weights themselves. */
export async function readJudgedWeights({ plan, training }: Programs): Promise<Map<string, StoredTensor>> {
  const averageOf = new Map(plan.tensors.filter(({ role }) => role === 'average').map(({ name, of }) => [of!, name]));
  const specs = plan.tensors.filter(({ role }) => role === 'parameter' || role === 'statistic');
  return new Map(
    await Promise.all(
      specs.map(async ({ id, name, dims }): Promise<[string, StoredTensor]> => {
        return [name, { shape: dims, data: await training.read(averageOf.get(id) ?? name) }];
      }),
    ),
  );
}

/** Folds the given weights into an inference program. */
export async function writeInferenceWeights(
  { inference }: Programs,
  graph: Graph,
  weights: ReadonlyMap<string, StoredTensor>,
): Promise<void> {
  const folded = foldWeights(graph, new Map([...weights].map(([name, { data }]) => [name, data])));
  for (const [name, data] of folded) await inference.write(name, data);
}
