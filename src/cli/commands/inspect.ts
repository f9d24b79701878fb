/** `rectio inspect`: a network at a ratio, what it costs, and what it looks like. */

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RectioError } from '../../base/error.js';
import { graphToJson, type Graph, type Node, type Op } from '../../graph/index.js';
import { defined } from '../../base/defined.js';
import type { Dataset } from '../../data/index.js';
import type { GradientReport, Inspection, LayerInspection } from '../../inspect/index.js';
import type { ProportionReport } from '../../proportion/index.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import {
  chosenNetwork,
  givenModel,
  missingModel,
  modelOptions,
  modelPositional,
  shapeOptions,
} from '../options/network.js';
import { checkGradientOptions, gradientOptions } from '../options/gradient-options.js';
import { flag, type Option, type Values } from '../options/options.js';
import { gradientText } from '../terminal/gradients.js';
import { formatCount, formatLarge, formatTable } from '../terminal/table.js';
import { proportionOptions } from '../options/proportion-options.js';

/** An option that names a file to write; the file's ending is checked. */
const fileToWrite = (ending: string, help: string): Option<string | undefined> => ({
  placeholder: `FILE${ending}`,
  help: `${help}; an existing file is replaced`,
  fallback: undefined,
  parse: (value, option) => {
    if (value.length > ending.length && value.toLowerCase().endsWith(ending)) return value;
    throw new RectioError('usage', `${option} cannot be '${value}'`, `Give the name of a file that ends in ${ending}.`);
  },
});

export const inspectCommand = defineCommand({
  name: 'inspect',
  summary: 'show which ReLUs a ratio keeps, and what a network costs',
  description:
    'Shows a network at a ratio of convolutions to ReLUs: which ReLUs stay, and the parameters, multiply-adds (MACs) and ' +
    'memory for one image, per block, per stage and in total. Dropping ReLUs changes none of these costs. With --svg, ' +
    'inspect also draws the network. With --gradients, it runs one batch through the untrained network, and shows how ' +
    'gradients grow or shrink from the last convolution back to the first, beside those at 1:1.',
  positionals: [modelPositional],
  options: {
    ...modelOptions,
    ...proportionOptions,
    ...shapeOptions,
    layers: flag('one row per layer instead of one per block'),
    gradients: flag('measure gradients before any training, at the ratio beside 1:1'),
    ...gradientOptions,
    svg: fileToWrite('.svg', 'draw the network into this file'),
    saveGraph: fileToWrite('.json', 'write the network, at its ratio, into this file; commands accept it as MODEL'),
    json: flag('print one JSON document, layers included'),
  },
  examples: [
    { command: 'npx rectio inspect resnet20', does: 'the unchanged network' },
    { command: 'npx rectio inspect resnet20 --ratio 2:1', does: 'with every second ReLU dropped' },
    { command: 'npx rectio inspect resnet20 --ratio 2:1 --svg resnet20.svg', does: 'and a drawing of it' },
    { command: 'npx rectio inspect resnet50 --ratio 3:2 --scope block --layers', does: 'layer by layer' },
    { command: 'npx rectio inspect plain56 --ratio 2:1 --gradients', does: 'and how gradients grow through the depth' },
  ],
  async run({ values, given, positionals }, output) {
    const model = givenModel(positionals, values) ?? missingModel('inspect');
    checkGradientOptions(values.gradients, given);
    const dataset = await chosenData(values);
    const [{ network, graph, report }, { inspectGraph }] = await Promise.all([
      chosenNetwork(model, values, dataset),
      import('../../inspect/index.js'),
    ]);
    const inspection = inspectGraph(graph, report);
    const gradients = values.gradients ? await measured(network, values, dataset) : undefined;
    if (values.svg !== undefined) await writePicture(values.svg, graph, report, gradients);
    if (values.saveGraph !== undefined) await writeGraph(values.saveGraph, graph);
    if (values.json) {
      output.json({ ...inspection, ...defined({ gradients }) });
      return exitCodes.done;
    }
    const { activationMarks, marks } = await import('../../draw/marks.js');
    const rows = values.layers ? layerRows(inspection, graph) : blockRows(inspection, graph);
    const rowOfNode = new Map(rows.flatMap((row) => row.layers.map(({ name }) => [name, row.name] as const)));
    const activations = activationMarks(graph, report, (name) => rowOfNode.get(name)!);
    const table = formatTable(
      columns(values.layers),
      [
        ...rows.flatMap((row) => cellsWithHeading(row, activations, inspection, values.layers)),
        null,
        cells('total', inspection.layers, shareKept(inspection, inspection.layers), values.layers),
      ],
      output.columns(),
    );
    const signs = `${marks.kept} kept, ${marks.dropped} dropped, ${marks.other} takes no part`;
    output.print([headline(inspection, report.label), '', table, '', summary(inspection, signs)].join('\n'));
    if (gradients !== undefined) output.print(`\n${gradientText(gradients, values.layers)}`);
    if (values.svg !== undefined) output.print(`\nDrawn in ${values.svg}`);
    if (values.saveGraph !== undefined) output.print(`\nWritten to ${values.saveGraph}`);
    return exitCodes.done;
  },
});

type InspectValues = Values<typeof gradientOptions> & Values<typeof proportionOptions> & Values<typeof shapeOptions>;

/** The dataset in --data, if there is one; --size is for folders. */
async function chosenData({ data, dataDir: dir, size }: InspectValues): Promise<Dataset | undefined> {
  if (data === undefined) return undefined;
  const { openDataset } = await import('../../data/index.js');
  return openDataset(data, defined({ dir, size }));
}

async function measured(network: Graph, values: InspectValues, data: Dataset | undefined): Promise<GradientReport> {
  const { inspectGradients } = await import('../../prepare/index.js');
  const { ratio, pattern, scope, drop, leak, stem, head, batch, seeds, engine, threads } = values;
  return inspectGradients(network, {
    ratio: defined({ ratio, pattern, scope, drop, leak, stem, head }),
    ...{ data, batch, seeds, engine, threads },
  });
}

/** @throws RectioError `disk` */
async function writePicture(
  path: string,
  graph: Graph,
  report: ProportionReport,
  gradients: GradientReport | undefined,
): Promise<void> {
  const { drawGraph } = await import('../../draw/index.js');
  await writeText(path, drawGraph(graph, report, gradients));
}

/** @throws RectioError `disk` */
async function writeGraph(path: string, graph: Graph): Promise<void> {
  await writeText(path, `${JSON.stringify(graphToJson(graph), null, 1)}\n`);
}

/** @throws RectioError `disk` */
async function writeText(path: string, text: string): Promise<void> {
  const { replaceFile } = await import('../../system/durable.js');
  const folder = dirname(path);
  if (!(await stat(folder).catch(() => undefined))) {
    throw new RectioError('disk', `Cannot write ${path}: there is no folder ${folder}`, 'Make the folder first.');
  }
  await replaceFile(path, (file) => file.writeFile(text));
}

/** The scope of a pattern, in words. */
const scopeWords = { network: 'over the network', stage: 'over each stage', block: 'over each block' } as const;

function headline({ model, ratio }: Inspection, label: string): string {
  const achieved = ratio.achieved === ratio.asked ? '' : ` (achieved: ${ratio.achieved})`;
  // Ratios for single stages already say where they hold.
  const where = ratio.asked.includes('=') && ratio.scope === 'network' ? '' : ` ${scopeWords[ratio.scope]}`;
  return `${model}, ratio ${label}${achieved}, pattern ${ratio.pattern}${where}`;
}

function summary({ totals, sites }: Inspection, signs: string): string {
  const kept = sites.filter((site) => site.kept).length;
  return [
    `${totals.convolutions} convolutions, ${totals.activations} activations (${signs}); ` +
      `${kept} of the ${sites.length} that take part are kept`,
    `${formatCount(totals.parameters)} parameters, ${formatLarge(totals.macs)} MACs, ` +
      `${formatLarge(totals.activationElements)} values through an activation, for one image`,
  ].join('\n');
}

const columns = (perLayer: boolean) =>
  [
    { title: perLayer ? 'layer' : 'block' },
    ...(perLayer ? [{ title: 'kind', spare: 5 }] : []),
    { title: 'output', spare: 3 },
    ...(perLayer ? [] : [{ title: 'convolutions', align: 'right', spare: 1 } as const]),
    { title: 'ReLUs' },
    { title: 'parameters', align: 'right', spare: 2 },
    { title: 'MACs', align: 'right', spare: 4 },
    { title: 'memory', align: 'right', spare: 0 },
  ] as const;

/** A layer with its node. */
interface Layer extends LayerInspection {
  readonly node: Node;
}

/** A row of the table: one layer, or those of one block. */
interface Row {
  /** Unique. */
  readonly name: string;
  readonly layers: readonly Layer[];
  /** Its stage, if the stage has several blocks; the stage's first row also holds all of the stage's layers. */
  readonly stage?: { readonly name: string; readonly first?: readonly Layer[] };
}

const layersOf = ({ layers }: Inspection, graph: Graph): Layer[] =>
  layers.map((layer, index) => ({ ...layer, node: graph.nodes[index]! }));

function layerRows(inspection: Inspection, graph: Graph): Row[] {
  return layersOf(inspection, graph).map((layer) => ({ name: layer.name, layers: [layer] }));
}

function blockRows(inspection: Inspection, graph: Graph): Row[] {
  // A shortcut belongs to the block or stage around it.
  const sectionOf = ({ place: { stage, block, role } }: Node): string | undefined =>
    stage ?? (block === undefined && role !== 'shortcut' ? role : undefined);
  const stages = runs(layersOf(inspection, graph), sectionOf);
  return stages.flatMap((layers): Row[] => {
    const { stage, role } = layers[0]!.node.place;
    const parts = runs(layers, ({ place }) => place.block);
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) {
      const { block } = only[0]!.node.place;
      return [{ name: block ?? stage ?? role ?? spanName(only), layers: only }];
    }
    return parts.map((part, index) => ({
      name: part[0]!.node.place.block ?? spanName(part),
      layers: part,
      ...(stage === undefined ? {} : { stage: { name: stage, ...(index === 0 ? { first: layers } : {}) } }),
    }));
  });
}

/** A name for layers that share none. */
function spanName(layers: readonly Layer[]): string {
  const [first, last] = [layers[0]!.name, layers.at(-1)!.name];
  const parent = first.slice(0, first.lastIndexOf('.') + 1);
  return first === last ? first : `${first} … ${last.startsWith(parent) ? last.slice(parent.length) : last}`;
}

/** Groups successive layers whose nodes have the same key. */
function runs(layers: readonly Layer[], keyOf: (node: Node) => string | undefined): Layer[][] {
  const found: Layer[][] = [];
  for (const layer of layers) {
    const last = found.at(-1);
    if (last !== undefined && keyOf(last[0]!.node) === keyOf(layer.node)) last.push(layer);
    else found.push([layer]);
  }
  return found;
}

/** A row's cells, preceded by the stage's sums if the row is the first of its stage. */
function cellsWithHeading(
  { name, layers, stage }: Row,
  activations: ReadonlyMap<string, string>,
  inspection: Inspection,
  perLayer: boolean,
): string[][] {
  const own = cells(`${stage === undefined ? '' : '  '}${name}`, layers, activations.get(name) ?? '', perLayer);
  if (stage?.first === undefined) return [own];
  return [cells(stage.name, stage.first, shareKept(inspection, stage.first), perLayer), own];
}

function cells(
  name: string,
  layers: readonly (LayerInspection | Layer)[],
  activations: string,
  perLayer: boolean,
): string[] {
  const sum = (value: (layer: LayerInspection) => number) => layers.reduce((total, layer) => total + value(layer), 0);
  const [first] = layers;
  return [
    name,
    ...(perLayer ? [first !== undefined && 'node' in first ? describe(first.node.op) : ''] : []),
    layers.at(-1)!.shape.join('×'),
    ...(perLayer ? [] : [String(sum(({ kind }) => (kind === 'convolution' ? 1 : 0)))]),
    activations,
    formatCount(sum((layer) => layer.parameters)),
    formatLarge(sum((layer) => layer.macs)),
    formatLarge(
      sum((layer) => layer.activationBytes),
      'B',
    ),
  ];
}

/** How many sites of these layers are kept: `3 of 6`. */
function shareKept({ sites }: Inspection, layers: readonly LayerInspection[]): string {
  const names = new Set(layers.map(({ name }) => name));
  const own = sites.filter(({ name }) => names.has(name));
  return own.length === 0 ? '' : `${own.filter(({ kept }) => kept).length} of ${own.length}`;
}

/** An op in a few words: `convolution 3×3 /2, 32 groups`. */
function describe(op: Op): string {
  if (!('kernel' in op)) return op.kind;
  const stride = op.stride.every((each) => each === 1) ? '' : ` /${[...new Set(op.stride)].join('×')}`;
  const groups = 'groups' in op && op.groups > 1 ? `, ${op.groups} groups` : '';
  return `${op.kind} ${op.kernel.join('×')}${stride}${groups}`;
}
