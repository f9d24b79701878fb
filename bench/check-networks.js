#!/usr/bin/env node
/**
 * Checks every network. It trains one step on each engine: the loss and all weights must be finite, and some weights
 * must change. It is rewritten at 2:1, 3:2, 3:1 and 4:3, and this script's own count must confirm the result. Images
 * are small, because the reference engine is slow. All networks on both engines take about half an hour on two cores,
 * mostly for the large linear layers of the VGGs, and up to 8 GB of memory. A test checks a few networks.
 *
 *     node bench/check-networks.js [--engine NAME] [--from NETWORK] [PATTERN]
 */

import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
/** @param {string} file in dist */
const compiled = (file) => import(pathToFileURL(join(dist, file)).href);

const [zoo, { applyRatio, findSites }, { inspectGraph }, { trainingPlan }, { initializeWeights }] = await Promise.all([
  compiled('zoo/index.js'),
  compiled('proportion/index.js'),
  compiled('inspect/index.js'),
  compiled('plan/index.js'),
  compiled('graph/initialize.js'),
]);
const { randomStream } = await compiled('base/random.js');

/** @typedef {import('../src/graph/index.js').Graph} Graph */
/** @typedef {import('../src/engines/engine.js').Engine} Engine */

const ratios = /** @type {const} */ (['2:1', '3:2', '3:1', '4:3']);
const batch = 2;
const classes = 10;

/**
 * Lists the problems of the network's rewrites; empty if there are none.
 * @param {Graph} graph
 * @returns {string[]}
 */
export function wrongRewrites(graph) {
  return ratios.flatMap((ratio) => wrongRewrite(graph, ratio).map((problem) => `at ${ratio} ${problem}`));
}

/**
 * @param {Graph} graph
 * @param {string} ratio
 * @returns {string[]}
 */
function wrongRewrite(graph, ratio) {
  const { graph: rewritten, report } = applyRatio(graph, { ratio });
  const [before, after] = [inspectGraph(graph).totals, inspectGraph(rewritten, report).totals];
  const changed = rewritten.nodes.flatMap((/** @type {Graph['nodes'][number]} */ node, /** @type {number} */ index) => {
    const { op, ...same } = node;
    const { op: former, ...formerly } = /** @type {Graph['nodes'][number]} */ (graph.nodes[index]);
    if (JSON.stringify(same) !== JSON.stringify(formerly)) return [`another ${node.name}`];
    return JSON.stringify(op) === JSON.stringify(former) ? [] : [`${node.name} ${op.kind}`];
  });
  const checks = {
    'other activations than expected are dropped': [changed, expectedChanges(graph, ratio, changed)],
    'the activations do not add up': [after.activations, before.activations - changed.length],
    'convolutions change': [after.convolutions, before.convolutions],
    'parameters change': [after.parameters, before.parameters],
    'multiply-adds change': [after.macs, before.macs],
  };
  return Object.entries(checks).flatMap(([problem, [found, expected]]) =>
    JSON.stringify(found) === JSON.stringify(expected)
      ? []
      : [`${problem}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`],
  );
}

/**
 * The changes that N:M makes, counted independently. Without parallel paths, the n-th site (from 1) is kept if and only if
 * ⌊n·M/N⌋ > ⌊(n − 1)·M/N⌋. With parallel paths, any changes are right that replace sites and keep sites·M/N, rounded.
 * @param {Graph} graph
 * @param {string} ratio
 * @param {readonly string[]} found the changes that were made
 * @returns {readonly string[]}
 */
function expectedChanges(graph, ratio, found) {
  const [sites, kept] = /** @type {[number, number]} */ (ratio.split(':').map(Number));
  const body = new Set(
    findSites(graph)
      .filter((/** @type {{ part: string }} */ { part }) => part === 'body')
      .map((/** @type {{ name: string }} */ { name }) => name),
  );
  /** @type {Map<string, number>} */
  const numbers = new Map();
  for (const { name, inputs } of graph.nodes) {
    const before = Math.max(0, ...inputs.map((input) => numbers.get(input) ?? 0));
    numbers.set(name, before + (body.has(name) ? 1 : 0));
  }
  const number = (/** @type {string} */ name) => /** @type {number} */ (numbers.get(name));
  const identities = (/** @type {readonly string[]} */ names) => names.map((name) => `${name} identity`);
  if (new Set([...body].map(number)).size === body.size) {
    const stays = (/** @type {number} */ n) => Math.floor((n * kept) / sites) > Math.floor(((n - 1) * kept) / sites);
    return identities([...body].filter((name) => !stays(number(name))));
  }
  const share = (body.size * kept) / sites;
  const right = new Set(identities([...body]));
  const exact = Math.abs(body.size - found.length - share) < 1;
  return exact ? found.filter((change) => right.has(change)) : [`${body.size - share} of ${body.size} sites`];
}

/**
 * Trains the network for one step on random images and returns the mean loss.
 * @param {Graph} graph
 * @param {Engine} engine
 * @returns {Promise<number>}
 * @throws if the loss or a weight is not finite, or if no weight changed
 */
export async function trainStep(graph, engine) {
  const optimizer = { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 1e-4, decayNormsAndBiases: true };
  const plan = trainingPlan(graph, { batch, optimizer });
  const program = await engine.compile(plan);
  try {
    /** @type {Map<string, Float32Array>} */
    const weights = initializeWeights(graph, 0);
    for (const [name, data] of weights) await program.write(name, data);
    const stream = randomStream(1);
    const images = Float32Array.from({ length: batch * inputShape(graph).reduce((a, b) => a * b) }, stream.normal);
    const targets = new Float32Array(batch * classes);
    for (let row = 0; row < batch; row++) targets[row * classes + stream.below(classes)] = 1;
    const { losses = new Float32Array() } = await program.run({ images, targets }, { learningRate: 0.01, step: 0 });
    const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length;
    if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`);
    let moved = false;
    for (const [name, first] of weights) {
      const now = await program.read(name);
      const wrong = now.findIndex((value) => !Number.isFinite(value));
      if (wrong !== -1) throw new Error(`${name}[${wrong}] is ${now[wrong]} after the step`);
      moved ||= now.some((value, index) => value !== first[index]);
    }
    if (!moved) throw new Error('no weight changed');
    return loss;
  } finally {
    await program.dispose();
  }
}

/**
 * The network for the smallest useful images. If most feature maps are a single pixel, batch norm sees only two values
 * per channel, and the gradients of a deep network overflow float32 on any engine. ImageNet networks therefore get
 * 64×64.
 * @param {string} name
 * @returns {Graph}
 */
export function smallest(name) {
  const { inputShape: own } = zoo.modelDefaults(name);
  const size = Math.max(zoo.leastSize(name), own[1] >= 224 ? 64 : 8);
  return zoo.createModel(name, { classes, inputShape: [own[0], size, size] });
}

/** @param {Graph} graph */
const inputShape = ({ nodes: [input] }) => (input?.op.kind === 'input' ? input.op.shape : []);

async function main() {
  const { values, positionals } = parseArgs({
    options: { engine: { type: 'string' }, from: { type: 'string' } },
    allowPositionals: true,
  });
  const [{ findModels }, { openEngine }] = await Promise.all([
    compiled('zoo/find.js'),
    compiled('engines/registry.js'),
  ]);
  /** @type {string[]} */
  const found = findModels(positionals[0] ?? '');
  const names = values.from === undefined ? found : found.slice(found.indexOf(values.from));
  const engines = values.engine === undefined ? ['onednn', 'reference'] : [values.engine];
  let failures = 0;
  for (const [index, name] of names.entries()) {
    const problems = wrongRewrites(zoo.createModel(name));
    const graph = smallest(name);
    const steps = [];
    for (const engine of engines) {
      const start = performance.now();
      try {
        const loss = await trainStep(graph, await openEngine(engine));
        steps.push(`${engine} ${loss.toFixed(3)} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
      } catch (error) {
        problems.push(`${engine}: ${/** @type {Error} */ (error).message}`);
      }
    }
    const size = inputShape(graph).join('×');
    const verdict = problems.length === 0 ? 'ok' : 'WRONG';
    console.log(`${index + 1}/${names.length} ${verdict} ${name} ${size}: loss ${steps.join(', ')}`);
    for (const problem of problems) console.log(`    ${problem}`);
    if (problems.length > 0) failures++;
  }
  console.log(
    `${names.length - failures} of ${names.length} networks train a step on ${engines.join(' and ')} and are rewritten with exact counts.`,
  );
  process.exitCode = failures === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
