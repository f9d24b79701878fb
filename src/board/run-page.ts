/** What the page of one run shows. */

import type { Answered, RunCurves, RunPage, RunRow, Series, WrongAnswer } from './api.js';
import { downsample } from './downsample.js';
import type { Metrics, MetricsReader, Table } from './metrics-reader.js';
import {
  hasWrongPictures,
  readPredictions,
  readRunRecord,
  readSummary,
  surestWrong,
  type Answers,
  type RunRecord,
} from '../run/index.js';

/** Of a curve, at most. */
export const mostPoints = 1000;
/** Larger matrices are no picture any more. */
const mostClasses = 100;

/** @throws RectioError `checkpoint` if the run is damaged */
export async function runPage(folder: string, row: RunRow, reader: MetricsReader): Promise<RunPage> {
  const [record, summary, metrics] = await Promise.all([
    readRunRecord(folder),
    readSummary(folder),
    reader.read(folder),
  ]);
  const { config, dataset, engine, proportion } = record;
  return {
    row,
    engine: `${engine.name}: ${engine.device}`,
    dataset: `${dataset.name}, ${dataset.trainImages} images to train on, ${dataset.testImages} to test`,
    proportion: {
      achieved: proportion.achieved,
      pattern: proportion.pattern,
      kept: proportion.sites.filter(({ kept }) => kept).length,
      sites: proportion.sites.length,
    },
    config,
    curves: curvesOf(metrics, config.evaluation.validation === null ? 'test' : 'held-out images'),
    summary: summary ?? null,
    answers: summary === undefined ? null : await readAnswers(folder, record),
  };
}

async function readAnswers(folder: string, { dataset }: RunRecord): Promise<Answered> {
  const [answers, pictures] = await Promise.all([readPredictions(folder), hasWrongPictures(folder)]);
  return answersOf(answers, dataset, pictures);
}

/** `evaluated` names the images that the error after each epoch is taken on. */
export function curvesOf({ steps, epochs }: Metrics, evaluated: string): RunCurves {
  const both = (value: 'loss' | 'error', evaluatedValue: 'evaluatedLoss' | 'evaluatedError'): Series[] => [
    series('training, each step', steps, value),
    series('training, mean of the epoch', epochs, value),
    series(evaluated, epochs, evaluatedValue),
  ];
  return {
    loss: both('loss', 'evaluatedLoss'),
    error: both('error', 'evaluatedError'),
    learningRate: [series('learning rate', steps, 'learningRate')],
    speed: [series('images/s', steps, 'imagesPerSecond')],
  };
}

function series<Name extends string>(name: string, table: Table<Name | 'step'>, column: Name): Series {
  const x = table['step'];
  const y: Float64Array = table[column];
  // An epoch that was not evaluated has no point.
  const known = y.every((value) => Number.isFinite(value))
    ? undefined
    : Array.from(y.keys()).filter((i) => Number.isFinite(y[i]));
  const at = (index: number): number => known?.[index] ?? index;
  const values = known === undefined ? y : known.map((index) => y[index]!);
  const places = downsample(values, mostPoints).map(at);
  return { name, x: places.map((index) => x[index]!), y: places.map((index) => y[index]!) };
}

/** @param pictures whether the run kept any of its wrong answers */
export function answersOf(answers: Answers, { classes, shape }: RunRecord['dataset'], pictures: boolean): Answered {
  const { labels } = answers;
  return {
    images: labels.length,
    classes,
    confusion: classes.length > mostClasses ? null : confusionOf(answers, classes.length),
    wrong: wrongOf(answers, classes),
    pictures: pictures ? [shape[1]!, shape[2]!] : null,
  };
}

function confusionOf({ labels, predicted }: Answers, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  labels.forEach((label, index) => {
    const row = matrix[label];
    const answer = predicted[index]!;
    if (row?.[answer] !== undefined) row[answer] += 1;
  });
  return matrix;
}

function wrongOf(answers: Answers, classes: readonly string[]): WrongAnswer[] {
  const { labels, predicted, confidence } = answers;
  const nameOf = (label: number): string => classes[label] ?? String(label);
  return surestWrong(answers).map((index) => ({
    index,
    label: nameOf(labels[index]!),
    predicted: nameOf(predicted[index]!),
    confidence: confidence[index]!,
  }));
}
