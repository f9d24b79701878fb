/** Studies: grids of trainings that share seeds, and statistics of their differences. */

export {
  beginCampaign,
  campaignCaveats,
  campaignDocument,
  campaignFile,
  campaignHash,
  campaignName,
  campaignResult,
  conclusions,
  differenceChart,
  hypothesisColumns,
  hypothesisPlot,
  isCampaign,
  openCampaign,
  printClaim,
  resolveCampaign,
  ruleSentence,
  wholeSentence,
  writeCampaignReport,
  type Campaign,
  type CampaignDocument,
  type CampaignPlan,
  type CampaignReport,
  type CampaignResult,
} from './campaign/index.js';
export { modulesOf } from './consent.js';
export { rangeByEpoch, type EpochRange, type Evaluation } from './evaluations.js';
export { assumedSeedDeviation, expectedDetectable } from './expectation.js';
export {
  addSeeds,
  beginStudy,
  ownFolder,
  failuresFolder,
  openStudy,
  readFolders,
  recordFile,
  recordName,
  runFolder,
  seedsFolder,
  trialsFolder,
  trialsName,
  type Study,
  type StudyRecord,
} from './folder.js';
export { controls, type Control } from './input.js';
export { planHash, resolvePlan, trialsOf, type Arm, type StudyPlan, type Trial } from './plan.js';
export { studyDocument, type StudyDocument } from './report/document.js';
export { caveats, verdictSentence } from './report/sentences.js';
export { forestPlot } from './figures/index.js';
export { resultColumns } from './report/tables.js';
export { writeReport, reportPage, type Report } from './report/write.js';
export { expectedTime, plannedWork, type ExpectedTime, type PlannedWork } from './work.js';
export { studyResult, type ArmResult, type GroupResult, type StudyResult } from './results.js';
export { runStudy, type RunStudyOptions, type StudyEvent } from './run.js';
export { detectableDifference } from './statistics/index.js';
export { type RectioCommand } from './trial.js';
