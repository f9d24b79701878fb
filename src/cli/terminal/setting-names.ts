/**
 * Settings as they are typed on the command line. Errors from the other rooms name settings in backticks, alone
 * (`data.dir`) or with a value (`clipNorm: 1`); here the names become flags.
 */

import { listSettings, trainSettings } from '../../config/index.js';
import { optionName } from '../options/options.js';

/** What a call is told besides the settings of a training, by its name in TypeScript. */
const callOptions: { readonly [name: string]: string } = {
  addSeeds: '--add-seeds',
  classes: '--classes',
  dir: '--dir',
  engine: '--engine',
  head: '--head',
  host: '--host',
  mirror: '--mirror',
  output: '--output',
  port: '--port',
  resume: '--resume',
  run: '--run',
  saveGraph: '--save-graph',
  size: '--size',
  stem: '--stem',
  study: '--study',
  threads: '--threads',
  trustCode: '--trust-code',
};

const flags = new Map<string, string>([
  ...Object.entries(callOptions),
  ...listSettings(trainSettings).flatMap(({ path, setting }) =>
    setting.flag === undefined ? [] : [[path, optionName(setting.flag.name)] as const],
  ),
]);

/** The text with flags in place of settings; a setting without a flag keeps its name. */
export function nameFlags(text: string): string {
  return text.replaceAll(/`([A-Za-z]+(?:\.[A-Za-z]+)*)(?:: ([^`]+))?`/g, (whole, name: string, value?: string) => {
    const flag = flags.get(name);
    if (flag === undefined) return whole;
    if (value === undefined) return flag;
    // A run to go on with is told as the whole command, ready to be pasted.
    return name === 'resume' ? `npx rectio train ${flag} ${value}` : `${flag} ${value}`;
  });
}
