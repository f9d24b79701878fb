/**
 * Weights of others to begin a training with: which entries of a file go where in the network, what does not fit, and
 * the values. A classifier for another number of classes is the one thing that need not fit.
 */

import { RectioError } from '../base/error.js';
import { classifierOf, graphParameters, type Graph, type Parameter, type Shape } from '../graph/index.js';
import { showName, openSafetensors, type SafetensorsFile } from '../formats/index.js';
import { describeDifferences, type InitialWeights, type WeightsReport } from '../run/index.js';

/** How published files call and shape what the network has. */
export interface Publication {
  /** The entry that holds this parameter: the same values in the same order. */
  entryOf(parameter: Parameter): { readonly name: string; readonly shape: Shape };
  /** Whether such files have an entry of that name for which the network has no place on purpose. */
  leavesOut(entry: string): boolean;
}

export interface WeightsOptions {
  readonly publication: Publication;
  /** Whether to load the entries that fit if the file belongs to another network. */
  readonly partial: boolean;
}

/** @throws RectioError `weights` if the file is missing or broken; called before anything large is opened */
export async function checkWeightsFile(path: string): Promise<void> {
  const file = await openSafetensors(path, 'weights');
  await file.close();
}

/**
 * Reads what the network needs out of a file.
 * @throws RectioError `weights` if the file is broken, or not of this network
 */
export async function loadWeights(path: string, graph: Graph, options: WeightsOptions): Promise<InitialWeights> {
  const file = await openSafetensors(path, 'weights');
  try {
    const match = matchEntries(graph, file, options.publication);
    verifyMatch(match, path, graph, options.partial);
    const values = new Map<string, Float32Array>();
    for (const { parameter, entry } of match.fitting) {
      values.set(parameter, await readFinite(file, entry, path));
    }
    const { missing, unexpected, reshaped, newHead } = match;
    const sha256 = await file.fingerprint();
    return { values, report: { file: path, sha256, loaded: values.size, missing, unexpected, reshaped, newHead } };
  } finally {
    await file.close();
  }
}

interface Match extends Pick<WeightsReport, 'missing' | 'unexpected' | 'reshaped' | 'newHead'> {
  readonly fitting: readonly { readonly parameter: string; readonly entry: string }[];
  /** Whether everything fits, the classifier apart. */
  readonly bodyFits: boolean;
}

function matchEntries(graph: Graph, { entries }: SafetensorsFile, { entryOf, leavesOut }: Publication): Match {
  const classifier = classifierOf(graph);
  const wanted = graphParameters(graph).map((parameter) => ({ parameter, ...entryOf(parameter) }));
  const wrapper = wrapperOf(
    [...entries.keys()],
    wanted.map(({ name }) => name),
  );
  const parameters = wanted.map(({ parameter, name, shape }) => {
    const entry = `${wrapper}${name}`;
    const stored = entries.get(entry);
    const inHead = classifier.has(parameter.node);
    return { parameter: parameter.name, entry, shape, stored, inHead, fits: stored?.shape.join() === shape.join() };
  });
  const known = new Set(parameters.map(({ entry }) => entry));
  const unexpected = [...entries.keys()].filter(
    (entry) => !known.has(entry) && !leavesOut(entry.slice(wrapper.length)),
  );
  // One classifier is never made of two: a part that does not fit makes the whole of it new.
  const newHead = parameters.some(({ inHead, fits }) => inHead && !fits);
  return {
    fitting: parameters.filter(({ inHead, fits }) => fits && !(inHead && newHead)),
    missing: parameters.filter(({ stored }) => stored === undefined).map(({ entry }) => entry),
    unexpected,
    reshaped: parameters.flatMap(({ entry, shape, stored, fits }) =>
      stored === undefined || fits ? [] : [{ name: entry, file: stored.shape, network: shape }],
    ),
    newHead,
    bodyFits: unexpected.length === 0 && parameters.every(({ inHead, fits }) => inHead || fits),
  };
}

/**
 * The prefix that all entries have if the network was wrapped before it was saved, by DataParallel (`module.`), a trainer
 * (`model.`), torch.compile (`_orig_mod.`) or a module of the user's; empty if the file knows the network's own names.
 */
function wrapperOf(entries: readonly string[], wanted: readonly string[]): string {
  const own = new Set(wanted);
  if (entries.some((entry) => own.has(entry))) return '';
  // The first names suffice: a file that has none of them is of another network.
  for (const name of wanted.slice(0, 3)) {
    const [entry] = entries.filter((each) => each.endsWith(`.${name}`)).sort((a, b) => a.length - b.length);
    const prefix = entry?.slice(0, -name.length) ?? '';
    if (prefix !== '' && entries.every((each) => each.startsWith(prefix))) return prefix;
  }
  return '';
}

function verifyMatch(match: Match, path: string, graph: Graph, partial: boolean): void {
  if (match.fitting.length === 0) {
    throw new RectioError(
      'weights',
      `Nothing in ${path} fits ${graph.name}: ${describeDifferences(match).join('; ')}.`,
      'Give weights of this very network, under the names that torchvision (or timm) gives them.',
    );
  }
  if (match.bodyFits || partial) return;
  throw new RectioError(
    'weights',
    `${path} holds weights of another network than ${graph.name}: ${describeDifferences(match).join('; ')}.`,
    'Give weights of this very network, or take what fits and start the rest fresh with `weights.partial`.',
  );
}

/** @throws RectioError `weights` if a value is not finite, because no training can start from it */
async function readFinite(file: SafetensorsFile, entry: string, path: string): Promise<Float32Array> {
  const { data } = await file.read(entry);
  if (data.every(Number.isFinite)) return data;
  const broken = data.find((value) => !Number.isFinite(value));
  throw new RectioError(
    'weights',
    `${path} holds ${broken} in ${showName(entry)}, where float32 needs a finite number.`,
    'Give weights of a training that did not diverge.',
  );
}
