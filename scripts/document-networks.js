/**
 * Writes docs/networks.md, the table of all networks, and a drawing of each network into docs/images/networks. Run
 * `node scripts/document-networks.js` after the set-up when a network is added or changed; a test fails if it is due.
 */

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as prettier from 'prettier';

import { paths } from './paths.js';

const page = 'docs/networks.md';
const pictures = 'docs/images/networks';
const ratios = ['1:1', '2:1', '3:2', '3:1', '4:3'];
/** The ratio that the drawings show. */
const drawnRatio = '2:1';

/**
 * The families in page order. A network belongs to the first family whose pattern matches its name. `shown` is the
 * network whose drawing is on the page itself.
 * @type {readonly { title: string, names: RegExp, shown: string, about: string }[]}
 */
const families = [
  {
    title: 'Residual networks',
    names: /^(resnet|cifar_resnet)/,
    shown: 'resnet20',
    about:
      'He et al. 2015: a block adds what its convolutions compute to its input. resnet20, 32, 44, 56 and 110, resnet29_bottleneck and cifar_resnet18 are for small images.',
  },
  {
    title: 'Pre-activation residual networks',
    names: /^preresnet/,
    shown: 'preresnet20',
    about: 'He et al. 2016: norm and ReLU precede their convolution, and nothing follows the addition.',
  },
  {
    title: 'Plain networks',
    names: /^plain/,
    shown: 'plain20',
    about: 'He et al. 2015: the residual networks without their shortcuts, for comparison.',
  },
  {
    title: 'Wide residual networks',
    names: /^(wrn|wide_)/,
    shown: 'wrn_16_4',
    about: 'Zagoruyko and Komodakis 2016: fewer layers, more channels.',
  },
  {
    title: 'ResNeXt',
    names: /^resnext/,
    shown: 'resnext50_32x4d',
    about: 'Xie et al. 2017: bottlenecks whose 3×3 convolution has groups.',
  },
  {
    title: 'PyramidNet',
    names: /^pyramidnet/,
    shown: 'pyramidnet110_a48',
    about: 'Han et al. 2017: channels grow with every block; shortcuts have no parameters.',
  },
  { title: 'AlexNet', names: /^alexnet/, shown: 'alexnet', about: "Krizhevsky 2014, in torchvision's version." },
  {
    title: 'Network in network',
    names: /^nin/,
    shown: 'nin',
    about: 'Lin et al. 2014: 1×1 convolutions follow each larger one.',
  },
  {
    title: 'VGG',
    names: /vgg/,
    shown: 'vgg16',
    about: 'Simonyan and Zisserman 2015: chains of 3×3 convolutions.',
  },
  {
    title: 'GoogLeNet and Inception',
    names: /^(googlenet|inception)/,
    shown: 'googlenet',
    about:
      'Szegedy et al. 2015 and 2016: parallel branches with windows of several sizes. Auxiliary heads are left out.',
  },
  {
    title: 'SqueezeNet',
    names: /^squeezenet/,
    shown: 'squeezenet1_1',
    about: 'Iandola et al. 2016: a 1×1 convolution with few channels precedes two branches.',
  },
  {
    title: 'DenseNet',
    names: /^densenet/,
    shown: 'densenet121',
    about: 'Huang et al. 2017: each layer reads the outputs of all layers before it.',
  },
  {
    title: 'ShuffleNet v2',
    names: /^shufflenet/,
    shown: 'shufflenet_v2_x1_0',
    about: 'Ma et al. 2018: half of the channels bypass each block; then all are shuffled.',
  },
  {
    title: 'MobileNet and MnasNet',
    names: /^(mobilenet|mnasnet)/,
    shown: 'mobilenet_v2',
    about:
      'Howard et al. 2017 and 2019, Sandler et al. 2018, Tan et al. 2019: depthwise convolutions between 1×1 convolutions.',
  },
  {
    title: 'EfficientNet',
    names: /^efficientnet/,
    shown: 'efficientnet_b0',
    about: 'Tan and Le 2019: as MobileNet, with gates; depth, width and image size scale together.',
  },
  {
    title: 'RegNet',
    names: /^regnet/,
    shown: 'regnet_x_400mf',
    about:
      'Radosavovic et al. 2020: bottlenecks with groups, whose widths follow a straight line; those named Y have gates.',
  },
  {
    title: 'ConvNeXt',
    names: /^convnext/,
    shown: 'convnext_tiny',
    about: 'Liu et al. 2022: 7×7 depthwise convolutions, one activation per three convolutions.',
  },
];

/** @param {string} room a folder in dist */
const compiled = (room) => import(pathToFileURL(join(paths.dist, room, 'index.js')).href);

/**
 * The files that this script writes: text by path in the repository.
 * @returns {Promise<Map<string, string>>}
 */
export async function networkDocuments() {
  const [{ createModel, modelDefaults, modelNames }, { applyRatio, nativeRatio, printRatio }, { inspectGraph }, draw] =
    await Promise.all([compiled('zoo'), compiled('proportion'), compiled('inspect'), compiled('draw')]);
  const numbers = await import(pathToFileURL(join(paths.dist, 'base', 'numbers.js')).href);
  /** @type {Map<string, string>} */
  const files = new Map();
  /** @type {Map<string, string[]>} */
  const rows = new Map(families.map(({ title }) => [title, []]));
  for (const name of modelNames) {
    const graph = createModel(name);
    const drawn = applyRatio(graph, { ratio: drawnRatio });
    files.set(`${pictures}/${name}.svg`, draw.drawGraph(drawn.graph, drawn.report));

    const family = families.find(({ names }) => names.test(name));
    if (family === undefined) throw new Error(`${name} belongs to no family of scripts/document-networks.js`);
    const { parameters, macs, convolutions } = inspectGraph(graph).totals;
    const elements = ratios.map((ratio) => {
      const at = applyRatio(graph, { ratio });
      return numbers.formatLarge(inspectGraph(at.graph, at.report).totals.activationElements);
    });
    const native = nativeRatio(graph);
    const cells = [
      `[${name}](images/networks/${name}.svg)`,
      modelDefaults(name).inputShape.join('×'),
      numbers.formatCount(parameters),
      numbers.formatLarge(macs),
      String(convolutions),
      native === undefined ? '' : printRatio(native),
      ...elements,
    ];
    rows.get(family.title)?.push(`| ${cells.join(' | ')} |`);
  }
  const titles = [
    'network',
    'input',
    'parameters',
    'MACs',
    'convolutions',
    'ratio',
    ...ratios.map((each) => `at ${each}`),
  ];
  const rule = ['---', ...titles.slice(1).map(() => '---:')];
  const head = [titles, rule].map((cells) => `| ${cells.join(' | ')} |`);
  const sections = families.map(({ title, about, shown }) =>
    [
      `## ${title}`,
      about,
      [...head, ...(rows.get(title) ?? [])].join('\n'),
      `![${shown} at ${drawnRatio}, drawn](images/networks/${shown}.svg)`,
    ].join('\n\n'),
  );
  const text = [introduction(modelNames.length), ...sections].join('\n\n');
  const options = await prettier.resolveConfig(join(paths.root, page));
  files.set(page, await prettier.format(text, { ...options, parser: 'markdown' }));
  return files;
}

/** @param {number} count */
const introduction = (count) => `# The networks

All ${count} networks that \`npx rectio models\` lists, with the counts for one image of the network's own input size. Each name links
to the network's drawing at ${drawnRatio}. For a drawing at another ratio, run a command like this:

    npx rectio inspect resnet50 --ratio 3:2 --svg resnet50.svg

**MACs** are multiply-adds of convolutions and linear layers. **Ratio** is the network's native ratio: convolutions to activations
in its most common kind of block, without shortcuts and gates. The columns **at** 1:1 (the unchanged network) to 4:3 say how many
values pass through an activation if Rectio rewrites the network to that ratio over all of its sites. Nothing else changes:
parameters, shapes and MACs are the same at every ratio.

\`node scripts/document-networks.js\` writes this page and the drawings; a test compares them with the networks.`;

/** Writes all files and deletes drawings of networks that no longer exist. */
async function main() {
  const files = await networkDocuments();
  await mkdir(join(paths.root, pictures), { recursive: true });
  for (const name of await readdir(join(paths.root, pictures))) {
    if (!files.has(`${pictures}/${name}`)) await rm(join(paths.root, pictures, name));
  }
  for (const [path, text] of files) await writeFile(join(paths.root, path), text);
  console.log(`${page} and ${files.size - 1} drawings are up to date.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
