/** The two compiled halves of a training: the step, and the evaluation. */

import type { Engine, Program, Tuning } from '../engines/engine.js';
import { classifierParameters, initializeWeights, type Graph } from '../graph/index.js';
import { foldWeights, inferencePlan, trainingPlan, type Plan } from '../plan/index.js';
import type { TrainConfig } from '../config/index.js';
import type { StoredTensor } from '../formats/index.js';

export interface Programs {
  readonly plan: Plan;
  readonly training: Program;
  readonly inference: Program;
  readonly tuning: ProgramTuning;
  /** While these train only the classifier: those that train all weights, with the same `inference`. */
  readonly thawed: Programs | null;
  dispose(): Promise<void>;
}

export interface ProgramTuning {
  readonly training: Tuning;
  readonly inference: Tuning;
  /** Of the program that trains only the classifier; null if there is none. */
  readonly frozen: Tuning | null;
}

/**
 * Compiles the plans of a graph; with `tuning` as an earlier compilation chose. If epochs are frozen, the programs are those for
 * them, and `thawed` those for the epochs after.
 */
export async function compilePrograms(
  engine: Engine,
  graph: Graph,
  config: TrainConfig,
  tuning?: ProgramTuning,
): Promise<Programs> {
  const options = {
    batch: config.batch,
    labelSmoothing: config.labelSmoothing,
    optimizer: config.optimizer,
    averageDecay: config.averageDecay !== null,
    seed: config.seed,
    ...(config.clipNorm === null ? {} : { clipNorm: config.clipNorm }),
  };
  const compiled: Program[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(compiled.map((program) => program.dispose()));
  };
  const compile = async (plan: Plan, known: Tuning | null | undefined): Promise<Program> => {
    const program = await engine.compile(plan, known ? { tuning: known } : undefined);
    compiled.push(program);
    return program;
  };
  try {
    const plan = trainingPlan(graph, options);
    const training = await compile(plan, tuning?.training);
    const inference = await compile(inferencePlan(graph, { batch: config.evaluation.batch }), tuning?.inference);
    const chosen = { training: training.tuning, inference: inference.tuning, frozen: null };
    const thawed: Programs = { plan, training, inference, tuning: chosen, thawed: null, dispose };
    if (config.weights.frozenEpochs === 0) return thawed;
    const frozenPlan = trainingPlan(graph, { ...options, trained: classifierParameters(graph) });
    const frozen = await compile(frozenPlan, tuning?.frozen);
    return { ...thawed, plan: frozenPlan, training: frozen, tuning: { ...chosen, frozen: frozen.tuning }, thawed };
  } catch (error) {
    await dispose().catch(() => undefined);
    throw error;
  }
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
