/** Names that other trainers give to the same setting. */

/** Each row means one thing. Names are in lower case, without hyphens and underscores. */
const rows: readonly (readonly string[])[] = [
  ['learningrate', 'lr', 'baselr', 'maxlr', 'learnrate', 'eta'],
  ['batch', 'batchsize', 'bs', 'trainbatchsize', 'minibatch', 'perdevicetrainbatchsize'],
  ['epochs', 'epoch', 'numepochs', 'nepochs', 'maxepochs', 'numtrainepochs'],
  ['weightdecay', 'wd', 'l2', 'decay'],
  ['workers', 'numworkers', 'nworkers', 'loaderworkers', 'dataloadernumworkers'],
  ['data', 'dataset', 'datasetname'],
  ['dir', 'datadir', 'datapath', 'dataroot', 'root', 'datafolder'],
  ['size', 'imgsize', 'imagesize', 'inputsize', 'imsize', 'resolution'],
  ['limit', 'maximages', 'maxsamples', 'maxtrainsamples'],
  ['optimizer', 'optim', 'opt'],
  ['labelsmoothing', 'smoothing', 'labelsmoothingfactor'],
  ['clipnorm', 'clipgrad', 'gradclip', 'clipgradnorm', 'maxgradnorm', 'gradientclipval', 'gradclipnorm'],
  ['averagedecay', 'ema', 'emadecay', 'modelema', 'modelemadecay'],
  ['seed', 'randomseed', 'manualseed', 'randomstate'],
  ['model', 'arch', 'architecture', 'network', 'net', 'modelname'],
  ['weights', 'pretrained', 'initialcheckpoint', 'pretrainedweights'],
  ['validation', 'valsplit', 'validationsplit', 'valfraction', 'holdout'],
  ['threads', 'numthreads', 'nthreads'],
  ['engine', 'device', 'backend'],
  ['run', 'output', 'outputdir', 'outdir', 'savedir', 'logdir'],
  ['resume', 'resumefrom', 'resumefromcheckpoint'],
  ['cutout', 'randomerasing', 'reprob'],
  ['mixup', 'mixupalpha'],
  ['warmup', 'warmupepochs', 'warmupsteps'],
  ['schedule', 'scheduler', 'sched', 'lrscheduler'],
  ['jobs', 'parallel', 'njobs'],
  ['seeds', 'numseeds', 'repeats'],
];

const rowOf = new Map(rows.flatMap((row, index) => row.map((name) => [name, index])));

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

/** Whether two names mean the same setting: `batch_size` and `batch`. Equal names do, whatever their spelling. */
export function sameMeaning(a: string, b: string): boolean {
  const [one, other] = [plain(a), plain(b)];
  if (one === other) return true;
  const row = rowOf.get(one);
  return row !== undefined && row === rowOf.get(other);
}
