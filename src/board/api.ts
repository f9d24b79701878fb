/** What the server tells the page: the JSON of every address below `/api`. Types alone, for both sides. */

import type { CampaignDocument, EpochRange, StudyDocument } from '../study/index.js';
import type { TrainConfig } from '../config/index.js';
import type { TrainSummary } from '../run/index.js';

/** `stopped`: it began, it is not done, and no process trains it. */
export type RunState = 'done' | 'running' | 'stopped';

/** A run in the list. */
export interface RunRow {
  /** Its folder, relative to the board's. */
  readonly id: string;
  readonly model: string;
  /** What was asked of the proportion. */
  readonly ratio: string;
  readonly seed: number;
  readonly state: RunState;
  readonly epochs: number;
  /** Epochs behind it. */
  readonly epoch: number;
  /** Of the last evaluation, on images held out where there are any until the run is done; in percent. */
  readonly error: number | null;
  /** Of the last epoch or step that was logged, in nats. */
  readonly loss: number | null;
  readonly imagesPerSecond: number | null;
  /** When its log last grew, in Unix milliseconds. */
  readonly updated: number;
  /** The study it is a trial of. */
  readonly study: string | null;
}

/** How far the trainings of a study or campaign are. */
export interface TrainingsRow {
  readonly id: string;
  readonly name: string;
  /** Of a campaign, those of its studies that are here. */
  readonly trials: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly updated: number;
}

export type StudyRow = TrainingsRow;

/** Several studies with hypotheses. */
export type CampaignRow = TrainingsRow;

/** A folder that looks like a run, a study or a campaign and cannot be read. */
export interface Problem {
  readonly id: string;
  readonly message: string;
}

/** `/api/list` */
export interface Listing {
  /** The folder that is looked through. */
  readonly folder: string;
  readonly runs: readonly RunRow[];
  readonly studies: readonly StudyRow[];
  readonly campaigns: readonly CampaignRow[];
  readonly problems: readonly Problem[];
}

/** What `/api/events` sends: rows that are new or say something else than before, and folders that went. */
export interface Changes {
  readonly runs: readonly RunRow[];
  readonly studies: readonly StudyRow[];
  readonly campaigns: readonly CampaignRow[];
  readonly gone: readonly string[];
}

/** A curve with at most 1,000 points. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface RunCurves {
  /** Over steps: loss in nats, error in percent, learning rate, images/s. */
  readonly loss: readonly Series[];
  readonly error: readonly Series[];
  readonly learningRate: readonly Series[];
  readonly speed: readonly Series[];
}

export interface WrongAnswer {
  /** Its place in the test split. */
  readonly index: number;
  readonly label: string;
  readonly predicted: string;
  /** The probability that the network gave its answer. */
  readonly confidence: number;
}

/** What a finished run answered to the test images. */
export interface Answered {
  readonly images: number;
  readonly classes: readonly string[];
  /** A row per true class, a column per answer; null beyond 100 classes. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Wrong and sure of it, the surest first; at most 24. */
  readonly wrong: readonly WrongAnswer[];
  /** [height, width] of each picture of `/api/run/wrong.png`, which has one below the other; null if the run kept none. */
  readonly pictures: readonly [height: number, width: number] | null;
}

/** `/api/run?id=…` */
export interface RunPage {
  readonly row: RunRow;
  readonly engine: string;
  readonly dataset: string;
  readonly proportion: {
    readonly achieved: string;
    readonly pattern: string | null;
    readonly kept: number;
    readonly sites: number;
  };
  readonly config: TrainConfig;
  readonly curves: RunCurves;
  readonly summary: TrainSummary | null;
  readonly answers: Answered | null;
}

/** The error of an arm on the images it is evaluated on, by epoch, over its seeds. */
export interface ArmCurve {
  readonly name: string;
  readonly seeds: number;
  readonly points: readonly EpochRange[];
}

export interface GroupPage {
  readonly name: string;
  readonly verdict: string;
  /** Whether there is a difference to draw yet. */
  readonly forest: boolean;
  readonly columns: readonly { readonly title: string; readonly about: string }[];
  readonly rows: readonly (readonly string[])[];
  /** Of all seeds, those that still train included. */
  readonly curves: readonly ArmCurve[];
}

/** `/api/study?id=…` */
export interface StudyPage {
  readonly row: StudyRow;
  readonly document: StudyDocument;
  readonly groups: readonly GroupPage[];
  readonly caveats: readonly string[];
  /** The command that began it. */
  readonly command: string;
}

/** `/api/campaign?id=…` */
export interface CampaignPage {
  readonly row: CampaignRow;
  readonly document: CampaignDocument;
  /** The verdict on the whole, and the rule that makes it. */
  readonly verdict: string;
  readonly rule: string;
  readonly columns: readonly { readonly title: string; readonly about: string; readonly words: boolean }[];
  readonly rows: readonly (readonly string[])[];
  readonly conclusions: readonly string[];
  readonly caveats: readonly string[];
  /** Which of its figures there are yet. */
  readonly figures: readonly { readonly name: CampaignFigure; readonly title: string }[];
  /** The command that began it. */
  readonly command: string;
}

export type CampaignFigure = 'chart' | 'hypotheses';
