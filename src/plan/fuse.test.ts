import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { runReference } from '../engines/reference/index.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { createDraft, finishPlan } from './draft.js';
import { fuse } from './fuse.js';
import { lowerGraph } from './lowering.js';
import type { KernelCall, Plan } from './plan.js';
import { convNorm, network, randomGraph, randomWeights } from './testing/graphs.js';

/** The forward half of a training plan, before and after fusing. */
function forwardPlans(graph: Graph, batch: number): { simple: Plan; fused: Plan } {
  const make = (pass: (calls: readonly KernelCall[], outputs: readonly number[]) => readonly KernelCall[]): Plan => {
    const draft = createDraft();
    const { calls, images, logits } = lowerGraph(draft, graph, { mode: 'training', batch, seed: 7, folds: new Map() });
    const parts = { name: graph.name, mode: 'training', batch, inputs: { images }, outputs: { logits } } as const;
    return finishPlan(draft, { ...parts, calls: pass(calls, [logits]) });
  };
  return { simple: make((calls) => calls), fused: make(fuse) };
}

/** A text such as `bn+add+relu` for each fused call of the network, without the classifier. */
function fusedCalls(make: (net: GraphBuilder, x: Value) => Value): string[] {
  const { fused } = forwardPlans(network(make), 2);
  return fused.calls.slice(0, -2).map((call) => {
    const addend = 'addend' in call.in ? `+${fused.tensors[call.in.addend!]!.name}` : '';
    return `${call.kind} ${call.node}${addend}${'relu' in call && call.relu ? ' relu' : ''}`;
  });
}

describe('fuse', () => {
  it('changes no value of random networks: logits and running statistics stay', () => {
    let saved = 0;
    for (let seed = 100; seed < 140; seed++) {
      const graph = randomGraph(seed);
      const { simple, fused } = forwardPlans(graph, 2);
      saved += simple.calls.length - fused.calls.length;
      const stream = randomStream(seed);
      const size = simple.tensors[simple.inputs['images']!]!.dims.reduce((a, b) => a * b, 1);
      const images = Float64Array.from({ length: size }, () => stream.normal());
      const values = new Map<string, ArrayLike<number>>([['images', images], ...randomWeights(graph, seed)]);
      const [before, after] = [simple, fused].map((plan) => runReference(plan, values, { step: 0 }));
      for (const kept of ['outputs', 'persistent'] as const) {
        for (const [name, expected] of before![kept]) {
          const actual = after![kept].get(name)!;
          expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 10));
        }
      }
    }
    expect(saved).toBeGreaterThan(40);
  });

  it('puts addition and ReLU into the batch norm before them', () => {
    expect(
      fusedCalls((net, x) => {
        const stem = net.relu('r', convNorm(net, 'a', x));
        return net.relu('out', net.add('add', convNorm(net, 'b', stem), stem));
      }),
    ).toEqual(['convolution a.conv', 'batchNorm a.bn relu', 'convolution b.conv', 'batchNorm b.bn+r relu']);
  });

  it('leaves the ReLU out where it was dropped, inside a block and behind the addition', () => {
    expect(
      fusedCalls((net, x) => {
        const stem = net.identity('r', convNorm(net, 'a', x));
        return net.identity('out', net.add('add', stem, convNorm(net, 'b', stem)));
      }),
    ).toEqual(['convolution a.conv', 'batchNorm a.bn', 'convolution b.conv', 'batchNorm b.bn+a.bn']);
  });

  it('takes the later of two batch norms that an addition joins, at the place of the addition', () => {
    expect(
      fusedCalls((net, x) => {
        const main = convNorm(net, 'main', x);
        const shortcut = convNorm(net, 'shortcut', x);
        return net.relu('out', net.add('add', main, shortcut));
      }),
    ).toEqual([
      'convolution main.conv',
      'batchNorm main.bn',
      'convolution shortcut.conv',
      'batchNorm shortcut.bn+main.bn relu',
    ]);
  });

  it('prefers a batch norm to a convolution, even where that comes later', () => {
    expect(
      fusedCalls((net, x) => {
        const main = convNorm(net, 'main', x);
        return net.add('add', main, net.convolution('projection', x, { outChannels: 4, kernel: 1 }));
      }),
    ).toEqual(['convolution main.conv', 'convolution projection', 'batchNorm main.bn+projection']);
  });

  it('puts an addition into a convolution where there is no norm, as in pre-activation blocks', () => {
    expect(
      fusedCalls((net, x) => {
        const stem = net.convolution('a', x, { outChannels: 4, kernel: 1 });
        const inside = net.relu('r', net.batchNorm('bn', stem));
        return net.add('add', net.convolution('b', inside, { outChannels: 4, kernel: 1 }), stem);
      }),
    ).toEqual(['convolution a', 'batchNorm bn relu', 'convolution b+a']);
  });

  it('keeps a value that something else reads as well', () => {
    expect(
      fusedCalls((net, x) => {
        const a = convNorm(net, 'a', x);
        const b = convNorm(net, 'b', x);
        const sum = net.add('add', a, b);
        return net.concat('all', a, b, sum, net.relu('r', sum));
      }),
    ).toEqual([
      'convolution a.conv',
      'batchNorm a.bn',
      'convolution b.conv',
      'batchNorm b.bn',
      'sum add',
      'activation r',
      'concat all',
    ]);
  });

  it('does not fuse a value added to itself, nor three values', () => {
    expect(
      fusedCalls((net, x) => {
        const a = convNorm(net, 'a', x);
        const b = net.sigmoid('b', x);
        const twice = net.add('twice', a, a);
        return net.concat('all', net.relu('r', twice), net.add('three', b, x, b));
      }),
    ).toEqual(['convolution a.conv', 'batchNorm a.bn', 'activation b', 'sum twice relu', 'sum three', 'concat all']);
  });

  it('fuses only ReLU, and only once', () => {
    expect(
      fusedCalls((net, x) => {
        const a = net.relu('r2', net.relu('r1', convNorm(net, 'a', x)));
        return net.add('add', net.silu('s', convNorm(net, 'b', a)), a);
      }),
    ).toEqual([
      'convolution a.conv',
      'batchNorm a.bn relu',
      'activation r2',
      'convolution b.conv',
      'batchNorm b.bn',
      'activation s',
      'sum add',
    ]);
  });

  it('fuses each addition of a chain into its own batch norm', () => {
    expect(
      fusedCalls((net, x) => {
        const a = convNorm(net, 'a', x);
        const b = net.add('add1', convNorm(net, 'b', a), a);
        return net.relu('r', net.add('add2', convNorm(net, 'c', b), b));
      }),
    ).toEqual([
      'convolution a.conv',
      'batchNorm a.bn',
      'convolution b.conv',
      'batchNorm b.bn+a.bn',
      'convolution c.conv',
      'batchNorm c.bn+add1 relu',
    ]);
  });
});
