/**
 * Compares each network with its twin, the reference implementation: names, shapes and counts here, values in
 * src/engines/twins.test.ts.
 */

import { describe, expect, it } from 'vitest';

import { graphParameters } from '../graph/index.js';
import { inspectGraph } from '../inspect/index.js';
import { modelNames } from './index.js';
import { entriesOf, entryOf, readTwin, twinGraph, twinNames } from './testing/twins.js';

/** A state_dict lists a module's own entries before those of its submodules, even if the module uses its own last. */
const inOrderOfUse = (entries: readonly string[]): string[] =>
  entries.filter((entry) => !entry.includes('.layer_scale '));

it('every network of the zoo has a twin', () => {
  const known = new Set(twinNames.map((name) => readTwin(name).model));
  expect(modelNames.filter((name) => !known.has(name))).toEqual([]);
});

describe.each(twinNames)('%s is its twin', (name) => {
  const twin = readTwin(name);

  it('in names and shapes, in state_dict order', () => {
    const own = graphParameters(twinGraph(twin, twin.input)).map((parameter) => entryOf(twin, parameter));
    expect(own.toSorted()).toEqual(entriesOf(twin).toSorted());
    expect(inOrderOfUse(own)).toEqual(inOrderOfUse(entriesOf(twin)));
  });

  it('in parameters and multiply-adds', () => {
    const { parameters, macs } = inspectGraph(twinGraph(twin, twin.input)).totals;
    expect({ parameters, macs }).toEqual({ parameters: twin.parameters, macs: twin.macs });
  });

  it('in rates of dropout and stochastic depth', () => {
    const rates = twinGraph(twin, twin.input).nodes.flatMap(({ op }) =>
      (op.kind === 'dropout' || op.kind === 'stochasticDepth') && op.rate > 0 ? [op.rate] : [],
    );
    expect(rates.toSorted((a, b) => a - b)).toEqual(twin.dropout);
  });
});
