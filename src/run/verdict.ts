/** What a finished training's numbers say about it: results by class, wrong answers by file, and whether it went wrong. */

import { aCount, aNumber, aText, fields, oneOf, orNull } from '../base/parse.js';
import type { Answers } from './predictions.js';
import type { Score } from './score.js';
import { surestWrong } from './wrong-answers.js';

/** The result for one class of the test split. */
export interface ClassScore {
  readonly name: string;
  /** Test images of the class. */
  readonly images: number;
  /** How many of them were answered wrongly. */
  readonly wrong: number;
  /** The same in percent; null if the class has no test image. */
  readonly error: number | null;
}

/** A wrong answer about a test image that has a file. */
export interface WrongAnswer {
  /** Relative to the folder of the data. */
  readonly file: string;
  readonly label: string;
  readonly answer: string;
  /** The probability that the network gave to its answer. */
  readonly confidence: number;
}

export interface Warning {
  /** `diverged`: the loss is far above that of a guess. `chance`: no better than a guess. `fewSteps`: too short to tell. */
  readonly kind: 'diverged' | 'chance' | 'fewSteps';
  /** In sentences, with settings in backticks. */
  readonly message: string;
}

export const parseClassScore = fields<ClassScore>({
  name: aText,
  images: aCount,
  wrong: aCount,
  error: orNull(aNumber),
});

export const parseWrongAnswer = fields<WrongAnswer>({ file: aText, label: aText, answer: aText, confidence: aNumber });

export const parseWarning = fields<Warning>({ kind: oneOf('diverged', 'chance', 'fewSteps'), message: aText });

/** The error of each class, in the order of the classes. */
export function scoreClasses({ labels, predicted }: Answers, classes: readonly string[]): ClassScore[] {
  const images = classes.map(() => 0);
  const wrong = classes.map(() => 0);
  for (const [index, label] of labels.entries()) {
    images[label]!++;
    if (predicted[index] !== label) wrong[label]!++;
  }
  return classes.map((name, label) => ({
    name,
    images: images[label]!,
    wrong: wrong[label]!,
    error: images[label] === 0 ? null : (100 * wrong[label]!) / images[label]!,
  }));
}

/** The surest wrong answers by the images' files, the surest first; at most 24. */
export function wrongByFile(answers: Answers, classes: readonly string[], files: readonly string[]): WrongAnswer[] {
  return surestWrong(answers).map((index) => ({
    file: files[index]!,
    label: classes[answers.labels[index]!]!,
    answer: classes[answers.predicted[index]!]!,
    confidence: answers.confidence[index]!,
  }));
}

/** A guess that gives each class the same probability has the loss ln(classes); so many times that is no learning. */
const farAbove = 10;
/** The recipes need hundreds. */
const fewSteps = 100;

export interface Outcome {
  readonly test: Score;
  readonly train: Score;
  readonly classes: readonly ClassScore[];
  /** Of the whole training. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/** What the user must not overlook, the worst first; mostly empty. */
export function warningsOn({ test, train, classes, steps, stepsPerEpoch }: Outcome): Warning[] {
  const guess = Math.log(classes.length);
  const images = classes.reduce((sum, one) => sum + one.images, 0);
  const frequent = Math.max(...classes.map((one) => one.images));
  const guessError = (100 * (images - frequent)) / images;
  const warnings: Warning[] = [];
  // With a single class the loss of a guess is 0, and there is nothing to learn.
  if (classes.length > 1 && Math.max(test.loss, train.loss) > farAbove * guess) {
    warnings.push({
      kind: 'diverged',
      message:
        `The training went wrong: its loss is ${Math.max(test.loss, train.loss).toPrecision(3)}, where a guess has ` +
        `${guess.toPrecision(3)}. Its weights are of no use. Give a lower \`schedule.learningRate\`, clip gradients ` +
        '(`clipNorm: 1`), or give more `epochs`.',
    });
  }
  if (classes.length > 1 && images > 0 && test.error >= guessError) {
    warnings.push({
      kind: 'chance',
      message:
        `The test error of ${test.error.toFixed(2)} % is no lower than that of always giving the same answer, ` +
        `${guessError.toFixed(2)} %.`,
    });
  }
  if (steps < fewSteps) {
    warnings.push({
      kind: 'fewSteps',
      message:
        `The training had ${steps} step${steps === 1 ? '' : 's'}, ${stepsPerEpoch} in an epoch; networks need hundreds. ` +
        'Give more `epochs` or a smaller `batch`.',
    });
  }
  return warnings;
}
