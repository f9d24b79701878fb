/**
 * A process that hands the addon plans nobody would write: `node fuzz-child.js ADDON PLANS PROGRESS FIRST COUNT`.
 * ADDON is the compiled addon, PLANS a JSON file with a list of good plans. Mutation number i depends on nothing but i
 * and the plans; PROGRESS is a file that holds the number of the one at hand, for when the process ends too early.
 * At the end it prints how many went through and how many were refused, as JSON.
 */

import { openSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * @typedef {import('../native.js').NativeAddon} NativeAddon
 * @typedef {import('../../../plan/plan.js').Plan} Plan
 * @typedef {any} Wild a plan, or what has become of one
 */

/** Above this much memory a program is placed, but not run: it would only take time. */
const MOST_BYTES = 2 ** 26;
const ALIGNMENT = 64;

/** @param {number} seed */
function generator(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  // Mulberry32 (Tommy Ettinger).
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (/** @type {number} */ bound) => Math.floor(uniform() * bound);
  return {
    uniform,
    below,
    chance: (/** @type {number} */ share) => uniform() < share,
    /** @type {<T>(list: readonly T[]) => T} */
    pick: (list) => /** @type {any} */ (list[below(list.length)]),
  };
}

/** @typedef {ReturnType<typeof generator>} Random */

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100, 257];
const odd = [-1, 0.5, NaN, Infinity, -Infinity, 1e308, 2 ** 16, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 36, 2 ** 53];
const texts = ['', 'relu', 'prelu', 'gelu', 'channel', 'element', 'float32', 'uint8', 'activation', '\u0000', '\ud800'];

/** @type {readonly (() => unknown)[]} */
const strange = [
  () => null,
  () => undefined,
  () => true,
  () => 2n ** 70n,
  () => Symbol('s'),
  () => () => 1,
  () => [],
  () => ({}),
  () => new Float32Array(3),
  () => 'x'.repeat(1e5),
  () => Array.from({ length: 400 }, (_, i) => i),
  () => Array.from({ length: 2 ** 21 }),
  () => new Proxy([1, 2], {}),
  () => Object.create({ x: 0, y: 1 }),
  () => new Date(NaN),
  () => {
    /** @type {any} */
    const cycle = {};
    cycle.again = cycle;
    return cycle;
  },
  () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a${i}`, i]));
    return { a: wide, b: wide, c: { d: wide, e: wide } };
  },
];

/** @param {Random} random @returns {unknown} */
function anyValue(random) {
  const kind = random.below(10);
  if (kind < 4) return random.pick(sizes);
  if (kind < 7) return random.pick(odd);
  if (kind < 8) return random.pick(texts);
  return random.pick(strange)();
}

/** Every place in a value, as [holder, key]. @param {Wild} value @returns {[Wild, string][]} */
function places(value) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [/** @type {[Wild, string]} */ ([value, key]), ...places(value[key])]);
}

/** @param {Random} random @param {Plan} plan */
const anyId = (random, plan) => (random.chance(0.9) ? random.below(plan.tensors.length) : anyValue(random));

/** @type {readonly ((plan: Wild, random: Random, plans: readonly Plan[]) => void)[]} */
const mutations = [
  // One dimension everywhere: often another plan that is sound.
  (plan, random) => {
    const { dims } = random.pick(plan.tensors);
    if (dims.length === 0) return;
    const [from, to] = [random.pick(dims), random.pick(sizes)];
    for (const tensor of plan.tensors)
      tensor.dims = tensor.dims.map((/** @type {number} */ d) => (d === from ? to : d));
  },
  (plan, random) => {
    const { dims } = random.pick(plan.tensors);
    dims[random.below(dims.length + 1)] = random.chance(0.6) ? random.pick(sizes) : anyValue(random);
  },
  (plan, random) => {
    const tensor = random.pick(plan.tensors);
    const other = random.pick(plan.tensors);
    random.pick([
      () => tensor.dims.pop(),
      () => tensor.dims.shift(),
      () => tensor.dims.reverse(),
      () => (tensor.dims = []),
      () => (tensor.dims = [...other.dims]),
      () => (tensor.type = other.type === 'uint8' || random.chance(0.5) ? 'uint8' : 'float32'),
      () => (tensor.role = other.role),
      () => (tensor.name = other.name),
      () => delete tensor.of,
      () => (tensor.of = anyId(random, plan)),
      () => (tensor.of = plan.tensors.indexOf(other)),
    ])();
  },
  (plan, random) => {
    const call = random.pick(plan.calls);
    const part = call[random.pick(['in', 'in', 'out', 'update'])];
    const slots = Object.keys(part);
    const slot = slots.length === 0 || random.chance(0.2) ? random.pick(extraSlots) : random.pick(slots);
    random.pick([() => (part[slot] = anyId(random, plan)), () => delete part[slot]])();
  },
  (plan, random) => {
    const call = random.pick(plan.calls);
    const numbers = places(call).filter(
      ([holder, key]) => !['in', 'out', 'update'].some((part) => holder === call[part]) && key !== 'kind',
    );
    const [holder, key] = random.pick(numbers);
    const old = holder[key];
    const way = random.below(5);
    if (way === 0) delete holder[key];
    else if (way === 1) holder[key] = anyValue(random);
    else if (typeof old === 'number') holder[key] = random.pick([old + 1, old - 1, ...sizes]);
    else if (typeof old === 'boolean') holder[key] = !old;
    else if (typeof old === 'string') holder[key] = random.pick(texts);
  },
  (plan, random) => {
    const [one, other] = [random.pick(plan.calls), random.pick(plan.calls)];
    [one.in, other.in] = [other.in, one.in];
  },
  (plan, random, plans) => {
    random.pick(plan.calls).kind = random.chance(0.1) ? anyValue(random) : random.pick(random.pick(plans).calls).kind;
  },
  // A call of another plan, with whatever tensors stand at its ids.
  (plan, random, plans) => {
    plan.calls.splice(random.below(plan.calls.length + 1), 0, structuredClone(random.pick(random.pick(plans).calls)));
  },
  (plan, random) => {
    const at = random.below(plan.calls.length);
    random.pick([() => plan.calls.splice(at, 1), () => plan.calls.push(plan.calls[at]), () => plan.calls.reverse()])();
  },
  (plan, random) => {
    const part = random.pick([plan.inputs, plan.outputs]);
    part[random.chance(0.7) ? (Object.keys(part)[0] ?? 'x') : random.pick(['7', 'more', '__proto__'])] = anyId(
      random,
      plan,
    );
  },
  (plan, random) => {
    const [holder, key] = random.pick(places(plan));
    holder[key] = anyValue(random);
  },
  (plan, random) => {
    const [holder, key] = random.pick(places(plan));
    Object.defineProperty(holder, key, {
      enumerable: true,
      configurable: true,
      get: () => {
        if (random.chance(0.5)) throw new RangeError('a property that throws');
        return plan.tensors.pop();
      },
    });
  },
];
const extraSlots = [
  'x',
  'y',
  'dx',
  'dy',
  'weight',
  'dweight',
  'bias',
  'dbias',
  'addend',
  'index',
  'norm',
  'x1',
  'velocity',
];

/** @param {readonly unknown[]} bytes @param {Random} random */
function placement(bytes, random) {
  let total = 0;
  /** @type {any[]} */
  const offsets = bytes.map((size) => {
    const offset = total;
    total += Math.ceil(Number(size) / ALIGNMENT) * ALIGNMENT + ALIGNMENT * 4;
    return offset;
  });
  const at = random.below(offsets.length + 1);
  if (random.chance(0.75)) return { offsets, total };
  return random.pick([
    () => ({ offsets: offsets.with(Math.min(at, offsets.length - 1), anyValue(random)), total }),
    () => ({ offsets: offsets.map(() => random.below(total / ALIGNMENT) * ALIGNMENT), total: total * 2 }),
    () => ({ offsets: offsets.map(() => 0), total }),
    () => ({ offsets, total: /** @type {any} */ (anyValue(random)) }),
    () => ({ offsets, total: total - ALIGNMENT * random.below(9) }),
    () => ({ offsets: offsets.slice(1), total }),
    () => ({ offsets: /** @type {any} */ (anyValue(random)), total }),
  ])();
}

/** @param {Wild} plan @param {unknown} id @param {Random} random */
function valuesFor(plan, id, random) {
  const dims = plan.tensors?.[/** @type {any} */ (id)]?.dims;
  const count = Array.isArray(dims) ? dims.reduce((product, dim) => product * Number(dim), 1) : 1;
  const length = count > 0 && count <= MOST_BYTES / 4 ? count : 1;
  if (random.chance(0.02))
    return /** @type {any} */ (random.pick([() => [1], () => new Float64Array(length), () => anyValue(random)])());
  return new Float32Array(random.chance(0.03) ? length + random.below(3) : length).map(() => random.uniform() * 4 - 2);
}

/** What was measured so far, so that equal convolutions are measured once. @type {{ readonly [work: string]: string }} */
let measured = {};

/**
 * Takes one plan all the way. @returns {Promise<boolean>} whether it ran
 * @param {NativeAddon} addon @param {Wild} plan @param {Random} random
 */
async function take(addon, plan, random) {
  const threads = random.chance(0.97) ? 1 + random.below(3) : /** @type {any} */ (anyValue(random));
  const tuning = random.chance(0.97)
    ? {}
    : /** @type {any} */ (random.pick([() => anyValue(random), () => ({ 'a b': 'c' })])());
  const prepared = await addon.prepare(plan, threads, tuning, measured);
  measured = Object.keys(prepared.measured).length < 500 ? prepared.measured : {};
  const { offsets, total } = placement(prepared.sizes, random);
  const { handle } = prepared;
  if (random.chance(0.02)) await orRefused(() => addon.run(handle, [], [0, 0, 0]));
  await addon.place(handle, offsets, total);
  if (!(total <= MOST_BYTES)) return false;
  for (let i = 0; i < 3; i++) {
    const id = /** @type {any} */ (anyId(random, plan));
    await orRefused(() => addon.write(handle, id, valuesFor(plan, id, random)));
  }
  const inputs = Object.values(plan.inputs).map((id) => valuesFor(plan, id, random));
  const scalars = /** @type {any} */ (random.chance(0.95) ? [0.1, random.below(3), 0.9] : [anyValue(random), 0, 0]);
  const running = orRefused(() => addon.run(handle, inputs, scalars));
  const reading = orRefused(() => addon.read(handle, /** @type {any} */ (anyId(random, plan))));
  if (random.chance(0.5)) await addon.dispose(handle);
  await reading;
  return running;
}

/** Whether it worked. @param {() => Promise<unknown>} work */
async function orRefused(work) {
  try {
    await work();
    return true;
  } catch (error) {
    requireMessage(error);
    return false;
  }
}

/** @param {unknown} error */
function requireMessage(error) {
  if (!(error instanceof Error) || error.message === '')
    throw new TypeError('refused without a word', { cause: error });
}

const [, , addonPath = '', plansPath = '', progressPath = '', first = '0', count = '0'] = process.argv;
const addon = /** @type {NativeAddon} */ (createRequire(import.meta.url)(addonPath));
const plans = /** @type {readonly Plan[]} */ (JSON.parse(readFileSync(plansPath, 'utf8')));
const progress = openSync(progressPath, 'w');
let ran = 0;
let refused = 0;
/** @type {{ [message: string]: number }} */
const messages = {};
for (let i = Number(first); i < Number(first) + Number(count); i++) {
  writeSync(progress, `${i}\n`, 0);
  const random = generator(i);
  const plan = structuredClone(random.pick(plans));
  const changes = random.below(4);
  try {
    for (let change = 0; change < changes; change++) random.pick(mutations)(plan, random, plans);
  } catch (error) {
    // An earlier mutation left nothing for a later one to change, or left a property that throws.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  }
  try {
    if (await take(addon, plan, random)) ran += 1;
  } catch (error) {
    requireMessage(error);
    refused += 1;
    const { message } = /** @type {Error} */ (error);
    messages[message] = (messages[message] ?? 0) + 1;
  }
}
process.stdout.write(JSON.stringify({ ran, refused, messages: Object.keys(messages).length }));
