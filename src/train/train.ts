/**
 * The training loop. `events.ts` lists its events, and `recorder.ts` writes its files. Every random draw is a function of
 * seed and position, and a checkpoint holds the whole state between two steps. So a training that stops anywhere resumes
 * to the same bits.
 */

import { RectioError } from '../base/error.js';
import type { Batch } from '../data/index.js';
import type { RunOutputs } from '../engines/engine.js';
import { finishTraining } from './finish.js';
import { firstNotFinite, readPersistent } from './persistent.js';
import {
  type TrainState,
  addTallies,
  emptyTally,
  scoreOf,
  type Tally,
  type Score,
  type MetricsEvent,
} from '../run/index.js';
import { evaluate } from './evaluate.js';
import type { TrainEvent } from './events.js';
import { thaw } from './frozen.js';
import { readJudgedWeights, writeInferenceWeights } from './programs.js';
import { averageDecayAt } from './schedule.js';
import { openSession, type Session } from './session.js';
import { partsOf, type Training } from './training.js';

type Events = AsyncGenerator<TrainEvent, void, void>;

/**
 * Trains a network, or goes on with it. Leave the loop over the events early and everything is closed.
 * @throws RectioError `interrupted` after `signal` (a checkpoint is written first), `training` if the loss is no
 * longer finite, `checkpoint` if a run to resume does not fit, `disk` if a file cannot be written
 */
export async function* train(training: Training): Events {
  const session = await openSession(partsOf(training));
  try {
    yield startEvent(session);
    while (session.state.epoch < session.config.epochs) {
      const clock = startClock(session);
      yield* trainEpoch(session, clock);
      yield* closeEpoch(session, clock);
    }
    const ending = await finishTraining(session);
    if (ending === 'stopped') yield* interrupt(session);
    else yield { type: 'done', ...ending };
  } catch (error) {
    // The first error is the one to tell; closing often fails for the same cause.
    await session.close().catch(() => undefined);
    throw sayingHowToResume(error, session.recorder.run);
  } finally {
    // Also when the loop over the events is left early; closing twice does nothing.
    await session.close();
  }
}

/** A run that the disk stopped can go on once there is room. */
function sayingHowToResume(error: unknown, run: string | null): unknown {
  if (run === null || !(error instanceof RectioError) || error.code !== 'disk') return error;
  return new RectioError('disk', error.message, `${error.hint} Then go on with: \`resume: ${run}\``, {
    cause: error,
  });
}

function startEvent({ recorder: { run }, config, graph, loaders, state, parameters, notes }: Session): TrainEvent {
  const { stepsPerEpoch } = loaders.train;
  const { epochs } = config;
  return { type: 'start', run, model: graph.name, epochs, stepsPerEpoch, step: state.step, parameters, notes };
}

/** A step that the engine works on. */
interface Issued {
  readonly step: number;
  readonly learningRate: number;
  readonly tally: Promise<Tally>;
}

/**
 * The steps of the current epoch that are still to be done. Two are in flight, so that the engine has its next step
 * while this thread looks at the last one's results and fetches the next batch.
 */
async function* trainEpoch(session: Session, clock: Clock): Events {
  const { loaders, state, signal } = session;
  const first = state.step - state.epoch * loaders.train.stepsPerEpoch;
  const inFlight: Issued[] = [];
  let step = state.step;
  try {
    for await (const batch of loaders.train.epoch(state.epoch, first)) {
      inFlight.push(issue(session, step++, batch));
      const pause = signal?.aborted === true || checkpointDue(session, step);
      while (inFlight.length > (pause ? 0 : 1)) yield await settle(session, inFlight.shift()!, clock);
      if (!pause) continue;
      if (signal?.aborted) yield* interrupt(session);
      yield* saveCheckpoint(session);
    }
    while (inFlight.length > 0) yield await settle(session, inFlight.shift()!, clock);
  } finally {
    await Promise.allSettled(inFlight.map(({ tally }) => tally));
  }
}

/** Queues a step. The engine copies the batch before `run` returns, so the loader may reuse its buffers. */
function issue(session: Session, step: number, { images, targets }: Batch): Issued {
  const { config, programs } = session;
  const learningRate = session.learningRate(step);
  const averageDecay = averageDecayAt(config.averageDecay ?? 0, step);
  const tally = programs.training.run({ images, targets }, { learningRate, step, averageDecay }).then(tallyOf);
  // Looked at when its turn comes; until then a failure must not count as unhandled.
  tally.catch(() => undefined);
  return { step, learningRate, tally };
}

function tallyOf({ losses, correct }: RunOutputs): Tally {
  const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
  return { images: losses!.length, loss: sum(losses!), correct: sum(correct!) };
}

/** Waits for a step and takes its results in. */
async function settle(session: Session, { step, learningRate, tally }: Issued, clock: Clock): Promise<TrainEvent> {
  const result = await tally;
  const { state, config } = session;
  if (!Number.isFinite(result.loss)) throw notFinite(session, `The loss is ${result.loss} at step ${step}`);
  const sums = addTallies(state.sums, result);
  session.state = { ...state, step: step + 1, sums, seconds: secondsNow(clock) };
  const event = {
    type: 'step',
    step,
    epoch: state.epoch,
    train: scoreOf(result),
    learningRate,
    imagesPerSecond: imagesPerSecond(session, clock),
  } as const;
  if (step % config.log.everySteps === 0) await writeLogs(session, event);
  return event;
}

/** Evaluates, tells of the epoch and writes the checkpoint behind it. */
async function* closeEpoch(session: Session, clock: Clock): Events {
  const { config, state, signal, loaders } = session;
  const last = state.epoch + 1 === config.epochs;
  const score = last || due(state.epoch + 1, config.evaluation.everyEpochs) ? await evaluateNow(session) : null;
  if (score === 'stopped') return yield* interrupt(session);
  const held = loaders.validation !== undefined;
  const scores = { train: scoreOf(state.sums), test: held ? null : score, validation: held ? score : null };
  const seconds = { training: state.seconds.training, total: secondsNow(clock).total };
  const event = {
    type: 'epoch',
    epoch: state.epoch,
    step: state.step - 1,
    ...scores,
    learningRate: session.learningRate(state.step - 1),
    imagesPerSecond: imagesPerSecond(session, clock),
    seconds: seconds.total - clock.before.total,
  } as const;
  await writeLogs(session, event);
  const chosen = await keepBest(session, scores.validation);
  session.state = { ...state, epoch: state.epoch + 1, sums: emptyTally, scores, chosen, seconds };
  if (session.state.epoch === config.weights.frozenEpochs) session.programs = await thaw(session.programs);
  yield event;
  if (last || due(state.epoch + 1, config.checkpoint.everyEpochs)) yield* saveCheckpoint(session);
  if (signal?.aborted && !last) yield* interrupt(session);
}

/**
 * Keeps the weights as they are now if their error on the held-out images is the lowest so far; of equal ones the first
 * stays. A run that a crash throws back comes to the same weights again.
 */
async function keepBest(
  { recorder, programs, state }: Session,
  validation: Score | null,
): Promise<TrainState['chosen']> {
  if (validation === null) return state.chosen;
  if (state.chosen !== null && state.chosen.validation.error <= validation.error) return state.chosen;
  await recorder.keep(await readJudgedWeights(programs));
  return { epoch: state.epoch, validation };
}

/** Scores the validation split if there is one, else the test split; uses averaged weights when enabled. */
async function evaluateNow(session: Session): Promise<Score | 'stopped'> {
  const { programs, graph, dataset, loaders, signal } = session;
  await writeInferenceWeights(programs, graph, await readJudgedWeights(programs));
  const { validation, test } = loaders;
  const evaluation = await evaluate(programs.inference, (validation ?? test).epoch(0), dataset.classes.length, signal);
  if (evaluation === undefined) return 'stopped';
  const { tally } = evaluation;
  if (!Number.isFinite(tally.loss)) {
    const images = validation === undefined ? 'test' : 'held-out';
    throw notFinite(session, `The loss on the ${images} images is ${tally.loss} after step ${session.state.step - 1}`);
  }
  if (validation === undefined) session.evaluated = evaluation;
  return scoreOf(tally);
}

async function* saveCheckpoint(session: Session): Events {
  const { recorder, state, programs } = session;
  const tensors = await readPersistent(programs.plan, programs.training);
  const broken = firstNotFinite(tensors);
  if (broken !== undefined) throw notFinite(session, `${broken} is no longer finite after step ${state.step - 1}`);
  const path = await recorder.checkpoint(state, tensors);
  if (path === null) return;
  session.checkpoint = { path, step: state.step, epoch: state.epoch };
  yield { type: 'checkpoint', step: state.step, path };
}

/** Stops because the user or the scheduler asked, after writing a checkpoint. */
async function* interrupt(session: Session): AsyncGenerator<TrainEvent, never, void> {
  const { state, checkpoint, config, loaders, recorder } = session;
  if (checkpoint?.step !== state.step || checkpoint.epoch !== state.epoch) yield* saveCheckpoint(session);
  const done = `Stopped after ${state.step} of ${config.epochs * loaders.train.stepsPerEpoch} steps`;
  throw recorder.run === null
    ? new RectioError('interrupted', `${done}; nothing was written.`, 'Give `run` to keep a training that can go on.')
    : new RectioError('interrupted', `${done}, with a checkpoint.`, `Go on with: \`resume: ${recorder.run}\``);
}

function checkpointDue({ config, loaders }: Session, step: number): boolean {
  const { everySteps } = config.checkpoint;
  // Behind an epoch's last step the evaluation comes first.
  return everySteps !== null && due(step, everySteps) && !due(step, loaders.train.stepsPerEpoch);
}

function due(count: number, every: number): boolean {
  return count % every === 0;
}

async function writeLogs(session: Session, event: MetricsEvent): Promise<void> {
  const time = Date.now() / 1000;
  await session.recorder.log({ time, ...event });
}

function notFinite({ checkpoint, state }: Session, what: string): RectioError {
  const good =
    checkpoint === undefined ? 'there is no checkpoint yet' : `the last good checkpoint is ${checkpoint.path}`;
  return new RectioError(
    'training',
    `${what} (epoch ${state.epoch + 1}): the training has diverged; ${good}.`,
    'Start a new run with a lower `schedule.learningRate` or with clipped gradients (`clipNorm: 1`).',
  );
}

/** When this process began the epoch, and what stood then. */
interface Clock {
  readonly start: number;
  readonly before: TrainState['seconds'];
  readonly images: number;
}

function startClock({ state }: Session): Clock {
  return { start: performance.now(), before: state.seconds, images: state.sums.images };
}

function secondsNow({ start, before }: Clock): TrainState['seconds'] {
  const passed = (performance.now() - start) / 1000;
  return { training: before.training + passed, total: before.total + passed };
}

/** The speed of this process in this epoch; 0 if it did no step. */
function imagesPerSecond({ state }: Session, { before, images }: Clock): number {
  const seconds = state.seconds.training - before.training;
  return seconds > 0 ? (state.sums.images - images) / seconds : 0;
}
