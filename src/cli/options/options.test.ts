import { describe, expect, it } from 'vitest';

import { isRecord } from '../../base/check.js';
import { listSettings, parseSettings, trainSettings } from '../../config/index.js';
import { choice, decimal, flag, integer, list, optionName, parseArguments, text, type OptionTable } from './options.js';
import { givenSettings, settingOptions } from './setting-options.js';
import { trainingOptions } from './training-options.js';

const table = {
  data: text('NAME', { help: 'a dataset' }),
  mode: choice(['train', 'eval'], { help: 'what to do' }, 'train'),
  clipNorm: decimal('NORM', { above: 0 }, { help: 'a limit' }),
  epochs: integer('COUNT', { from: 1 }, { help: 'passes' }, 10),
  drop: list('NAMES', { help: 'names' }),
  json: flag('one document'),
};
const model = { placeholder: 'MODEL', help: 'a network', required: true };
const parse = (...args: string[]) => parseArguments(args, table, [model]);

describe('parseArguments', () => {
  it('gives every option its value or its fallback, and says which were given', () => {
    const { values, given, positionals } = parse('resnet20', '--clip-norm', '1.5', '--json', '--mode=eval');
    expect(values).toEqual({ data: undefined, mode: 'eval', clipNorm: 1.5, epochs: 10, drop: undefined, json: true });
    expect([...given].toSorted()).toEqual(['clipNorm', 'json', 'mode']);
    expect(positionals).toEqual(['resnet20']);
  });

  it('takes options before and behind positionals, and the last of two', () => {
    expect(parse('--epochs', '3', 'resnet20', '--epochs', '4').values.epochs).toBe(4);
  });

  it('adds up the values of a list, given with commas or one by one', () => {
    expect(parse('m', '--drop', 'a.*, b', '--drop', 'c').values.drop).toEqual(['a.*', 'b', 'c']);
    expect(() => parse('m', '--drop', 'a,')).toThrow("--drop cannot be 'a,'");
  });

  it('takes what stands behind -- as it is', () => {
    expect(parse('--', '--odd-name').positionals).toEqual(['--odd-name']);
  });

  it('reads numbers in every usual form', () => {
    for (const [typed, value] of [
      ['0.5', 0.5],
      ['.5', 0.5],
      ['5e-4', 0.0005],
      ['+2', 2],
      ['1E3', 1000],
    ] as const) {
      expect(parse('m', '--clip-norm', typed).values.clipNorm).toBe(value);
    }
  });

  it.each(['', 'x', '1x', '0x10', 'Infinity', 'NaN', '1e999', '0', '-1'])('refuses %j as a number above 0', (typed) => {
    expect(() => parse('m', `--clip-norm=${typed}`)).toThrow('--clip-norm cannot be');
  });

  it.each(['0', '1.5', '9007199254740993'])('refuses %s as a whole number of at least 1', (typed) => {
    expect(() => parse('m', '--epochs', typed)).toThrow('--epochs cannot be');
  });

  it.each([
    [['m', '--epochs'], '--epochs needs a value'],
    [['m', '--epochs', '--json'], '--epochs needs a value'],
    [['m', '--json=yes'], '--json takes no value'],
    [['m', '--data='], '--data is empty'],
    [['m', '--clipNorm', '1'], 'no option --clipNorm'],
    [['m', '-e'], 'no option -e'],
    [[], 'MODEL is missing'],
    [['m', 'n'], "'n' is one argument too many"],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe('optionName', () => {
  it('is the key in kebab case', () => {
    expect(optionName('labelSmoothing')).toBe('--label-smoothing');
  });
});

describe('an option made from a setting', () => {
  const rows = listSettings(trainSettings);
  const options: OptionTable = { ...settingOptions(trainSettings.fields), ...trainingOptions };
  const typed = ['-1', '0', '0.5', '0.9', '0.999', '0.9999999', '1', '1.5', '2', '64', '65', '4096', '4097', '65536'];
  const numbers = rows.filter(({ setting }) => setting.flag !== undefined && setting.form.kind === 'number');

  it('is there for every setting with a flag', () => {
    const flags = rows.flatMap(({ setting }) => (setting.flag === undefined ? [] : [setting.flag.name]));
    expect(Object.keys(options).toSorted()).toEqual([...new Set(flags)].toSorted());
  });

  it.each(numbers.map((row) => [row.path, row] as const))(
    'takes the same values of %s as a file',
    (path, { setting }) => {
      const key = setting.flag?.name ?? '';
      for (const value of [...typed, '100000', '100001', '4294967295', '4294967296']) {
        const taken = (check: () => unknown) => {
          try {
            return check();
          } catch {
            return 'refused';
          }
        };
        const option = taken(() => parseArguments([`${optionName(key)}=${value}`], options, []).values[key]);
        const file = taken(() => nested(path, parseSettings(nest(path, Number(value)))));
        expect([value, option]).toEqual([value, file]);
      }
    },
  );

  it('puts what was given in its place, and nothing else', () => {
    const { values } = parseArguments(
      ['--lr=0.1', '--optimizer=adamw', '--ema=0.99', '--weights-partial', '--drop=a,b', '--data=cifar10'],
      options,
      [],
    );
    expect(givenSettings(trainSettings.fields, values)).toEqual({
      weights: { partial: true },
      ratio: { drop: ['a', 'b'] },
      data: { name: 'cifar10' },
      optimizer: { kind: 'adamw' },
      schedule: { learningRate: 0.1 },
      averageDecay: 0.99,
    });
  });
});

/** `schedule.learningRate` and 0.1 as `{ schedule: { learningRate: 0.1 } }`. */
function nest(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function nested(path: string, value: unknown): unknown {
  return path.split('.').reduce<unknown>((outer, key) => (isRecord(outer) ? outer[key] : undefined), value);
}
