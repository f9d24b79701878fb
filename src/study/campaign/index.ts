/** Campaigns: several studies as one, with hypotheses that are fixed before the first training. */

export {
  beginCampaign,
  campaignFile,
  campaignName,
  openCampaign,
  type Campaign,
  type CampaignRecord,
} from './folder.js';
export { printClaim, type Comparison, type Contrast, type Finding, type Hypothesis } from './hypothesis.js';
export { judgeCampaign, type CampaignVerdict, type Evidence, type HypothesisResult, type Whole } from './judge.js';
export { campaignHash, isCampaign, resolveCampaign, type CampaignPlan, type Claims } from './plan.js';
export { campaignDocument, type CampaignDocument } from './report/document.js';
export { differenceChart, hypothesisPlot } from './report/figures.js';
export { writeCampaignReport, type CampaignReport } from './report/write.js';
export { campaignCaveats, conclusions, hypothesisColumns, ruleSentence, wholeSentence } from './report/words.js';
export { campaignResult, type CampaignResult } from './results.js';
