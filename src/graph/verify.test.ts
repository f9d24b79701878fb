import { describe, expect, it } from 'vitest';
import { RectioError } from '../base/error.js';
import { graphBuilder, verifyGraph, type Graph, type Node } from './index.js';

const net = graphBuilder('sound', [4, 8, 8]);
const first = net.relu('first', net.input);
net.add('sum', net.convolution('conv', first, { outChannels: 4, kernel: 1 }), first);
const sound = net.build();

/** The sound graph with one node changed. */
function withNode(name: string, change: (node: Node) => Node): Graph {
  return { ...sound, nodes: sound.nodes.map((node) => (node.name === name ? change(node) : node)) };
}

const extra = (name: string, inputs: readonly string[]): Node => ({ name, op: { kind: 'relu' }, inputs, place: {} });

describe('verifying a graph', () => {
  it('finds nothing wrong with a sound one', () => {
    expect(() => verifyGraph(sound)).not.toThrow();
  });

  it.each<[string, Graph, string]>([
    ['no nodes', { ...sound, nodes: [] }, 'first node is missing'],
    ['no input in front', { ...sound, nodes: sound.nodes.slice(1) }, 'first node is first (relu)'],
    [
      'a second input',
      { ...sound, nodes: [...sound.nodes, { ...extra('image', []), op: { kind: 'input', shape: [1] } }] },
      'image is a second input',
    ],
    ['a name twice', withNode('conv', (node) => ({ ...node, name: 'first' })), 'first appears twice'],
    ['an empty name', withNode('sum', (node) => ({ ...node, name: '' })), "'' is not a valid name"],
    [
      'a node in front of its input',
      { ...sound, nodes: [...sound.nodes].sort(sumFirst) },
      "sum (add): its input 'conv'",
    ],
    ['a node that reads itself', withNode('conv', (node) => ({ ...node, inputs: ['conv'] })), "its input 'conv'"],
    [
      'an attribute out of range',
      withNode('conv', (n) => ({ ...n, op: { ...n.op, groups: 0 } as Node['op'] })),
      'groups is 0',
    ],
    [
      'a shape that does not fit',
      withNode('conv', (n) => ({ ...n, op: { ...n.op, outChannels: 8 } as Node['op'] })),
      'sum (add)',
    ],
    [
      'an output that nobody uses',
      { ...sound, nodes: [...sound.nodes, extra('last', ['conv'])] },
      'Node sum: its output is not used',
    ],
  ])('names the node with %s', (_, graph, found) => {
    expect(() => verifyGraph(graph)).toThrow(RectioError);
    expect(() => verifyGraph(graph)).toThrow(found);
  });
});

function sumFirst(a: Node, b: Node): number {
  const rank = (node: Node) => ['input', 'first', 'sum', 'conv'].indexOf(node.name);
  return rank(a) - rank(b);
}
