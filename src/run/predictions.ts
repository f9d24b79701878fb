/** What a finished run answered to each test image: the ground of every statement about its error. */

import { RectioError } from '../base/error.js';
import { readSafetensors, writeSafetensors } from '../formats/index.js';
import { inRun } from './layout.js';

/** What a network said to each image of a split, in the split's order. */
export interface Answers {
  readonly labels: Uint16Array;
  readonly predicted: Uint16Array;
  /** The probability that the network gave to its own answer. */
  readonly confidence: Float32Array;
}

/** Writes labels, answers and confidences, in the test split's order, as three vectors. @throws RectioError `disk` */
export async function writePredictions(run: string, { labels, predicted, confidence }: Answers): Promise<void> {
  // Class numbers are whole numbers below 65,536, which float32 holds exactly.
  const vector = (values: Uint16Array | Float32Array) => ({ shape: [values.length], data: Float32Array.from(values) });
  const tensors = { labels: vector(labels), predicted: vector(predicted), confidence: vector(confidence) };
  await writeSafetensors(inRun(run, 'predictions'), new Map(Object.entries(tensors)));
}

/** @throws RectioError `checkpoint` if the file is missing or damaged */
export async function readPredictions(run: string): Promise<Answers> {
  const path = inRun(run, 'predictions');
  const { tensors } = await readSafetensors(path);
  const count = tensors.get('labels')?.data.length;
  const vector = (name: string): Float32Array => {
    const data = tensors.get(name)?.data;
    const fits = name === 'confidence' ? isShare : isClass;
    if (data !== undefined && data.length === count && data.every(fits)) return data;
    if (data !== undefined && data.length === count) throw damaged(path, `has a value in ${name} that cannot be one`);
    throw damaged(path, `has ${data === undefined ? 'no' : data.length} ${name} for ${count ?? 'no'} labels`);
  };
  return {
    labels: new Uint16Array(vector('labels')),
    predicted: new Uint16Array(vector('predicted')),
    confidence: vector('confidence'),
  };
}

const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 16;
const isShare = (value: number): boolean => value >= 0 && value <= 1;

function damaged(path: string, what: string): RectioError {
  return new RectioError('checkpoint', `${path} ${what}.`, 'Put back the file that the run wrote, or train again.');
}
