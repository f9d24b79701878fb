/** Tests of what `engine.ts` promises apart from numbers: names, sizes, order, memory, repeatability and refusals. */

import { describe, expect, it } from 'vitest';
import { RectioError } from '../../base/error.js';
import { persistentRoles, type Plan } from '../../plan/index.js';
import { filled, normal } from '../../testing/index.js';
import { conformanceCases } from '../conformance-cases.js';
import type { CompileOptions, Engine, Program, RunInputs, RunScalars } from '../engine.js';
import { smallNetworks } from './networks.js';
import { sgd, stepsTrial, type Trial } from './trials.js';

const scalars: RunScalars = { learningRate: 0.1, step: 0, averageDecay: 0.9 };

/** A small network with every persistent role: dropout, pooling, running statistics, velocities and averages. */
const trial: Trial = stepsTrial(smallNetworks[2]!, sgd);
const names = trial.plan.tensors.filter(({ role }) => persistentRoles.has(role)).map(({ name }) => name);

async function start(engine: Engine, options?: CompileOptions): Promise<Program> {
  const program = await engine.compile(trial.plan, options);
  for (const [name, data] of trial.persistent) await program.write(name, data);
  return program;
}

async function readAll(program: Program): Promise<Record<string, Float32Array>> {
  const values: Record<string, Float32Array> = {};
  for (const name of names) values[name] = await program.read(name);
  return values;
}

async function stepThenRead(program: Program, step: number): Promise<Record<string, Float32Array>> {
  const outputs = await program.run(trial.inputs, { ...scalars, step });
  return { ...outputs, ...(await readAll(program)) };
}

/** The plan with some fields of one call replaced. */
function withCall(plan: Plan, index: number, change: object): Plan {
  return {
    ...plan,
    calls: plan.calls.map((call, i) => (i === index ? ({ ...call, ...change } as typeof call) : call)),
  };
}

/** All plans in which one slot of one call refers to a tensor that does not exist. */
function misnumbered(plan: Plan): Plan[] {
  return plan.calls.flatMap((call, index) =>
    (['in', 'out', 'update'] as const).flatMap((part) =>
      Object.keys(call[part]).flatMap((slot) =>
        [-1, plan.tensors.length, 1e9, 0.5, NaN].map((id) =>
          withCall(plan, index, { [part]: { ...call[part], [slot]: id } }),
        ),
      ),
    ),
  );
}

/** All plans in which one dimension of one tensor is too large, zero or absurd. */
function missized(plan: Plan): Plan[] {
  return plan.tensors.flatMap((tensor) =>
    tensor.dims.flatMap((size, axis) =>
      [size + 1, 0, -1, 2 ** 31, 0.5].map((other) => ({
        ...plan,
        tensors: plan.tensors.map((old) => (old === tensor ? { ...old, dims: old.dims.with(axis, other) } : old)),
      })),
    ),
  );
}

const sizedInputs = (plan: Plan): RunInputs =>
  Object.fromEntries(
    Object.entries(plan.inputs).map(([name, id]) => {
      const { dims } = plan.tensors[id]!;
      return [
        name,
        filled(
          dims.reduce((product, size) => product * size, 1),
          normal,
          name,
        ),
      ];
    }),
  );

/** Whether the engine refuses the plan, at compilation or when it runs. A plan that happens to be legal has to run. */
async function refuses(engine: Engine, plan: Plan): Promise<boolean> {
  try {
    const program = await engine.compile(plan);
    await program.run(sizedInputs(plan), scalars);
    await program.dispose();
    return false;
  } catch (error) {
    if (error instanceof Error) return true;
    throw error;
  }
}

/** The error that a call was refused with; undefined if it was not refused. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error instanceof RectioError ? { code: error.code, message: error.message, hint: error.hint } : error;
  }
}

/** An `engine` error whose message names the culprit and whose hint is not empty. */
const engineError = (culprit: string) => ({
  code: 'engine',
  message: expect.stringContaining(culprit),
  hint: expect.stringMatching(/./),
});

/** Registers the tests of the contract. Longer than 60 lines because it is a flat list of tests. */
export function describeContract(engineOf: () => Engine): void {
  describe('keeps the contract of programs', () => {
    it('starts with zeros in every persistent tensor', async () => {
      const program = await engineOf().compile(trial.plan);
      for (const data of Object.values(await readAll(program))) expect(data.every((value) => value === 0)).toBe(true);
      await program.dispose();
    });

    it('gives back the very bits that were written, whatever the layout inside', async () => {
      const program = await engineOf().compile(trial.plan);
      const written: Record<string, Float32Array> = {};
      for (const name of names) {
        written[name] = filled((await program.read(name)).length, normal, name);
        await program.write(name, written[name]);
      }
      expect(await readAll(program)).toEqual(written);
      await program.dispose();
    });

    it('hands out and takes in copies', async () => {
      const program = await start(engineOf());
      const [name] = names as [string];
      const before = await program.read(name);
      const data = before.slice();
      const written = program.write(name, data);
      data.fill(99);
      await written;
      (await program.read(name)).fill(77);
      expect(await program.read(name)).toEqual(before);
      await program.dispose();
    });

    it('copies the inputs before run returns', async () => {
      const [program, other] = [await start(engineOf()), await start(engineOf())];
      const inputs = Object.fromEntries(Object.entries(trial.inputs).map(([name, data]) => [name, data.slice()]));
      const running = program.run(inputs, scalars);
      for (const data of Object.values(inputs)) data.fill(0);
      expect(await running).toEqual(await other.run(trial.inputs, scalars));
      await Promise.all([program.dispose(), other.dispose()]);
    });

    it('carries out calls in the order they were made, without being waited for', async () => {
      const [program, patient] = [await start(engineOf()), await start(engineOf())];
      const [name] = names as [string];
      const made = [
        program.run(trial.inputs, scalars),
        program.read(name),
        program.write(name, trial.persistent.get(name)!),
        program.run(trial.inputs, { ...scalars, step: 1 }),
        program.read(name),
      ];
      const waited = [
        await patient.run(trial.inputs, scalars),
        await patient.read(name),
        await patient.write(name, trial.persistent.get(name)!),
        await patient.run(trial.inputs, { ...scalars, step: 1 }),
        await patient.read(name),
      ];
      expect(await Promise.all(made)).toEqual(waited);
      await Promise.all([program.dispose(), patient.dispose()]);
    });

    it('repeats the same bits from the same values, in the same program and in a fresh one', async () => {
      const [program, fresh] = [await start(engineOf()), await start(engineOf())];
      const first = await stepThenRead(program, 0);
      expect(await stepThenRead(fresh, 0)).toEqual(first);
      for (const [name, data] of trial.persistent) await program.write(name, data);
      for (const name of names.filter((each) => !trial.persistent.has(each))) {
        await program.write(name, new Float32Array(first[name]!.length));
      }
      expect(await stepThenRead(program, 0)).toEqual(first);
      await Promise.all([program.dispose(), fresh.dispose()]);
    });

    it('goes on with the same bits where another program left off, with the same tuning', async () => {
      const program = await start(engineOf());
      const saved = { ...(await stepThenRead(program, 0)) };
      const resumed = await engineOf().compile(trial.plan, { tuning: program.tuning });
      for (const name of names) await resumed.write(name, saved[name]!);
      expect(await stepThenRead(resumed, 1)).toEqual(await stepThenRead(program, 1));
      expect(resumed.tuning).toEqual(program.tuning);
      await Promise.all([program.dispose(), resumed.dispose()]);
    });

    it('keeps programs apart', async () => {
      const [program, other] = [await start(engineOf()), await start(engineOf())];
      const before = await readAll(other);
      await program.run(trial.inputs, scalars);
      expect(await readAll(other)).toEqual(before);
      await Promise.all([program.dispose(), other.dispose()]);
    });

    it('lets a NaN among the images be seen in the losses', async () => {
      const program = await start(engineOf());
      const images = trial.inputs['images']!.slice();
      images[100] = NaN;
      const { losses } = await program.run({ ...trial.inputs, images }, scalars);
      expect(losses!.every(Number.isNaN)).toBe(true);
      await program.dispose();
    });

    it('says how much memory it holds', async () => {
      const program = await start(engineOf());
      const least = names.length * Float32Array.BYTES_PER_ELEMENT;
      expect(program.bytes).toBeGreaterThan(least);
      await program.dispose();
    });

    it('does not hold the JavaScript thread during a step', async () => {
      const program = await start(engineOf());
      let turned = false;
      const running = program.run(trial.inputs, scalars);
      queueMicrotask(() => (turned = true));
      await running;
      expect(turned).toBe(true);
      await program.dispose();
    });
  });

  describe('refuses', () => {
    it('inputs that are missing, unknown or of a wrong size', async () => {
      const program = await start(engineOf());
      const { images, targets } = trial.inputs as Record<'images' | 'targets', Float32Array>;
      expect(await refusal(program.run({ images }, scalars))).toEqual(engineError('targets'));
      expect(await refusal(program.run({ images, targets, labels: targets }, scalars))).toEqual(engineError('labels'));
      expect(await refusal(program.run({ images: images.subarray(1), targets }, scalars))).toEqual(
        engineError('images'),
      );
      expect(await refusal(program.run({ images, targets: new Float32Array(0) }, scalars))).toEqual(
        engineError('targets'),
      );
      await program.dispose();
    });

    it('a run without a scalar that the plan names', async () => {
      const program = await start(engineOf());
      expect(await refusal(program.run(trial.inputs, { step: 0, averageDecay: 0.9 }))).toEqual(
        engineError('learningRate'),
      );
      await program.dispose();
    });

    it('names of tensors that are unknown or do not persist, and data of a wrong size', async () => {
      const program = await start(engineOf());
      const [name] = names as [string];
      expect(await refusal(program.read('no.such.tensor'))).toEqual(engineError('no.such.tensor'));
      expect(await refusal(program.write('no.such.tensor', new Float32Array(1)))).toEqual(
        engineError('no.such.tensor'),
      );
      expect(await refusal(program.read('images'))).toEqual(engineError('images'));
      expect(await refusal(program.write('losses', new Float32Array(smallNetworks[2]!.batch)))).toEqual(
        engineError('losses'),
      );
      const tooLong = new Float32Array((await program.read(name)).length + 1);
      expect(await refusal(program.write(name, tooLong))).toEqual(engineError(name));
      await program.dispose();
    });

    it('every call after dispose, but lets calls made before it finish', async () => {
      const program = await start(engineOf());
      const [name] = names as [string];
      const running = program.run(trial.inputs, scalars);
      const disposing = program.dispose();
      expect(await refusal(program.read(name))).toEqual(engineError('disposed'));
      expect((await running)['losses']).toHaveLength(smallNetworks[2]!.batch);
      await disposing;
      expect(await refusal(program.run(trial.inputs, scalars))).toEqual(engineError('disposed'));
      expect(await refusal(program.read(name))).toEqual(engineError('disposed'));
      expect(await refusal(program.write(name, trial.persistent.get(name)!))).toEqual(engineError('disposed'));
    });

    it('a tuning that chooses for calls the plan does not have', async () => {
      expect(await refusal(engineOf().compile(trial.plan, { tuning: { 'no such call': 'fast' } }))).toEqual(
        engineError('no such call'),
      );
    });

    it('kernels it has never heard of', async () => {
      expect(await refuses(engineOf(), withCall(trial.plan, 0, { kind: 'fold' }))).toBe(true);
    });

    for (const [kind, [fragment]] of Object.entries(conformanceCases)) {
      it(`a ${kind} of tensors that are not there`, async () => {
        for (const plan of misnumbered(fragment!.plan)) expect(await refuses(engineOf(), plan)).toBe(true);
      });

      it(`a ${kind} of tensors that do not fit together, or runs what fits by chance`, async () => {
        const results = [];
        for (const plan of missized(fragment!.plan)) results.push(await refuses(engineOf(), plan));
        expect(results).toContain(true);
      });
    }
  });
}
