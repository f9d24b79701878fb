/** `rectio inspect`: what a network consists of at a ratio, and what it costs. */

import { isActivation, type Graph } from '../graph/index.js';
import type { Inspection, LayerInspection } from '../inspect/index.js';
import { defineCommand } from './command.js';
import { exitCodes } from './exit-codes.js';
import { flag } from './options.js';
import { chosenNetwork, modelPositional, shapeOptions } from './network.js';
import { proportionOptions } from './proportion-options.js';
import { formatCount, formatLarge, formatTable } from './table.js';

export const inspectCommand = defineCommand({
  name: 'inspect',
  summary: 'show which ReLUs a ratio keeps, and what a network costs',
  description:
    'Shows a network at a ratio of convolutions to ReLUs: which ReLUs stay, and parameters, multiply-adds (MACs) and ' +
    'memory for one image, per block and in total. Dropping ReLUs changes none of these costs.',
  positionals: [modelPositional],
  options: {
    ...proportionOptions,
    ...shapeOptions,
    layers: flag('a row for every layer instead of every block'),
    json: flag('print one JSON document, layers included'),
  },
  examples: [
    { command: 'npx rectio inspect resnet20', does: 'the network as it is' },
    { command: 'npx rectio inspect resnet20 --ratio 2:1', does: 'every second ReLU dropped' },
    { command: 'npx rectio inspect resnet50 --ratio 3:2 --scope block --layers', does: 'layer by layer' },
  ],
  async run({ values, positionals: [model = ''] }, output) {
    const [{ graph, report }, { inspectGraph }] = await Promise.all([
      chosenNetwork(model, values),
      import('../inspect/index.js'),
    ]);
    const inspection = inspectGraph(graph, report);
    if (values.json) output.json(inspection);
    else
      output.print(
        [headline(inspection), '', table(inspection, graph, values.layers), '', totals(inspection)].join('\n'),
      );
    return exitCodes.done;
  },
});

function headline({ model, ratio }: Inspection): string {
  const achieved = ratio.achieved === ratio.asked ? '' : ` (achieved: ${ratio.achieved})`;
  return `${model}, ratio ${ratio.asked}${achieved}, pattern ${ratio.pattern} over each ${ratio.scope}`;
}

function totals({ totals: sums, sites }: Inspection): string {
  const kept = sites.filter((site) => site.kept).length;
  return [
    `${sums.convolutions} convolutions, ${sums.activations} activations (● kept, ○ dropped); ` +
      `${kept} of the ${sites.length} that take part are kept`,
    `${formatCount(sums.parameters)} parameters, ${formatLarge(sums.macs)} MACs, ` +
      `${formatLarge(sums.activationElements)} values through an activation, for one image`,
  ].join('\n');
}

/** A row of the table: one layer, or the layers of one block. */
interface Row {
  readonly name: string;
  readonly layers: LayerInspection[];
}

function table({ layers, sites }: Inspection, graph: Graph, perLayer: boolean): string {
  const marks = new Map([
    ...graph.nodes.filter(({ op }) => isActivation(op)).map(({ name }) => [name, '●'] as const),
    ...sites.filter(({ kept }) => !kept).map(({ name }) => [name, '○'] as const),
  ]);
  const rows = perLayer ? layers.map((layer) => ({ name: layer.name, layers: [layer] })) : blocks(layers, graph);
  const sum = (row: Row, value: (layer: LayerInspection) => number) =>
    row.layers.reduce((total, layer) => total + value(layer), 0);
  return formatTable(
    [
      { title: perLayer ? 'layer' : 'block' },
      ...(perLayer ? [{ title: 'kind' }] : []),
      { title: 'output' },
      { title: 'ReLUs' },
      { title: 'parameters', align: 'right' },
      { title: 'MACs', align: 'right' },
      { title: 'memory', align: 'right' },
    ],
    rows.map((row) => [
      row.name,
      ...(perLayer ? [row.layers[0]!.kind] : []),
      row.layers.at(-1)!.shape.join('×'),
      row.layers.map((layer) => marks.get(layer.name) ?? '').join(''),
      formatCount(sum(row, (layer) => layer.parameters)),
      formatLarge(sum(row, (layer) => layer.macs)),
      formatLarge(
        sum(row, (layer) => layer.activationBytes),
        'B',
      ),
    ]),
  );
}

/** Successive layers of one block (or stage, or role) become one row. */
function blocks(layers: readonly LayerInspection[], graph: Graph): Row[] {
  const places = new Map(
    graph.nodes.map(({ name, place }) => [name, place.block ?? place.stage ?? place.role ?? name]),
  );
  const rows: Row[] = [];
  for (const layer of layers) {
    const name = places.get(layer.name) ?? layer.name;
    const last = rows.at(-1);
    if (last?.name === name) last.layers.push(layer);
    else rows.push({ name, layers: [layer] });
  }
  return rows;
}
