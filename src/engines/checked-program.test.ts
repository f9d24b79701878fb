import { describe, expect, it } from 'vitest';
import { persistentRoles } from '../plan/index.js';
import { type BareProgram, checkedProgram } from './checked-program.js';
import { smallNetworks } from './conformance/networks.js';
import { sgd, stepsTrial } from './conformance/trials.js';

const { plan, inputs } = stepsTrial(smallNetworks[0]!, sgd);
const weight = plan.tensors.find(({ role }) => persistentRoles.has(role))!;
const size = weight.dims.reduce((product, extent) => product * extent, 1);
const scalars = { learningRate: 0.1, step: 0, averageDecay: 0.9 };

/** An engine's part without any checks, and a list of the calls that reach it. */
function trusting(): { bare: BareProgram; asked: unknown[][] } {
  const asked: unknown[][] = [];
  const bare: BareProgram = {
    tuning: {},
    bytes: 1,
    run: async (...given) => {
      asked.push(['run', ...given]);
      return Object.keys(plan.outputs).map((_, index) => Float32Array.of(index));
    },
    read: async (tensor) => {
      asked.push(['read', tensor]);
      return new Float32Array(size);
    },
    write: async (tensor, data) => void asked.push(['write', tensor, data]),
    dispose: async () => void asked.push(['dispose']),
  };
  return { bare, asked };
}

const given = trusting();
const program = await checkedProgram(plan, {}, () => given.bare);

describe('a program of an engine without checks of its own', () => {
  it('passes ids and inputs in the order of the plan to the engine, and returns outputs by name', async () => {
    const { bare, asked } = trusting();
    const own = await checkedProgram(plan, {}, () => bare);
    const data = new Float32Array(size);
    await own.write(weight.name, data);
    await own.read(weight.name);
    const turned = Object.fromEntries(Object.entries(inputs).toReversed());
    const outputs = await own.run(turned, scalars);
    expect(asked).toEqual([
      ['write', weight.id, data],
      ['read', weight.id],
      ['run', Object.keys(plan.inputs).map((name) => inputs[name]), scalars],
    ]);
    expect(Object.keys(outputs)).toEqual(Object.keys(plan.outputs));
    expect(own).not.toHaveProperty('profile');
  });

  it.each([
    ['a missing input', () => program.run({}, scalars)],
    ['an unknown input', () => program.run({ ...inputs, more: new Float32Array(1) }, scalars)],
    ['an input of another size', () => program.run({ ...inputs, images: new Float32Array(1) }, scalars)],
    ['a scalar that is no number', () => program.run(inputs, { ...scalars, learningRate: NaN })],
    ['a tensor that does not persist', () => program.read('images')],
    ['too many values', () => program.write(weight.name, new Float32Array(size + 1))],
  ])('refuses %s before the engine is called', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ code: 'engine' });
    expect(given.asked).toEqual([]);
  });

  it('is disposed only once', async () => {
    const { bare, asked } = trusting();
    const own = await checkedProgram(plan, {}, () => bare);
    await own.dispose();
    await expect(own.dispose()).rejects.toThrow('disposed');
    await expect(own.read(weight.name)).rejects.toThrow('disposed');
    expect(asked).toEqual([['dispose']]);
  });

  it('refuses a wrong plan or tuning before the engine prepares anything', async () => {
    const never = (): BareProgram => expect.unreachable();
    const broken = { ...plan, calls: plan.calls.slice(1) };
    await expect(checkedProgram(broken, {}, never)).rejects.toMatchObject({ code: 'plan' });
    await expect(checkedProgram(plan, { tuning: { 'no such call': 'fast' } }, never)).rejects.toThrow('no such call');
  });
});
