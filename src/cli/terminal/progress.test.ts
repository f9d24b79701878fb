import { describe, expect, it } from 'vitest';

import type { Screen } from './output.js';
import { createProgress } from './progress.js';
import type { TrainEvent } from '../../train/index.js';

const start: TrainEvent = {
  type: 'start',
  model: 'resnet20',
  run: 'runs/a',
  epochs: 2,
  stepsPerEpoch: 50,
  step: 0,
  parameters: 272_474,
  notes: ['A note.'],
};
const step = (number: number): TrainEvent => ({
  type: 'step',
  step: number,
  epoch: Math.floor(number / 50),
  train: { loss: 1.5, error: 40 },
  learningRate: 0.1,
  imagesPerSecond: 1234.5,
});
const epoch = {
  type: 'epoch',
  epoch: 0,
  step: 49,
  train: { loss: 1.5, error: 40 },
  test: { loss: 1.25, error: 30.5 },
  validation: null,
  learningRate: 0.1,
  imagesPerSecond: 1234.5,
  seconds: 61,
} as const satisfies TrainEvent;

/** Shows events, one each `msPerEvent`, on a screen that keeps what it is told. */
function shown(screen: Partial<Screen>, events: readonly TrainEvent[], msPerEvent = 1000): string {
  let written = '';
  let time = 0;
  const whole: Screen = {
    terminal: false,
    colors: false,
    columns: () => 80,
    write: (text) => void (written += text),
    ...screen,
  };
  const progress = createProgress(whole, { proportion: '2:1', keepsRun: true, now: () => time });
  for (const event of events) {
    progress.show(event);
    time += msPerEvent;
  }
  progress.clear();
  return written;
}
const steps = (count: number) => Array.from({ length: count }, (_, index) => step(index));
/** What one line of a terminal shows after all that was written to it. */
const bars = (written: string) => written.split('\r').filter((part) => part.includes('━') || part.includes('─'));

describe('progress in a pipe', () => {
  it('is plain lines: the start, a line every half minute, and one for every epoch', () => {
    expect(shown({}, [start, ...steps(50), epoch])).toBe(
      [
        'resnet20 2:1: 272,474 parameters, 2 epochs of 50 steps',
        'run folder: runs/a',
        'A note.',
        '30 %: epoch 1/2, 1:10 left, error 40.0 %, loss 1.500, 1,235 images/s',
        'epoch 1/2  train loss 1.500, error 40.00 %  test loss 1.250, error 30.50 %   1,235 images/s  1:01',
        '',
      ].join('\n'),
    );
  });

  it('says where it goes on from', () => {
    expect(shown({}, [{ ...start, step: 1200 }])).toContain('going on from step 1,200');
  });

  it('leaves the test out where an epoch was not evaluated', () => {
    expect(shown({}, [start, { ...epoch, test: null }])).not.toContain('test');
  });

  it('shows the score on held-out images where there are any', () => {
    const text = shown({}, [start, { ...epoch, test: null, validation: { loss: 1.25, error: 31.5 } }]);
    expect(text).toContain('held out loss 1.250, error 31.50 %');
  });
});

describe('progress on a terminal', () => {
  it('is one line that is drawn over and over and taken away at the end', () => {
    const written = shown({ terminal: true }, [start, ...steps(3)]);
    expect(written.split('\n')).toHaveLength(4);
    expect(bars(written)).toHaveLength(3);
    expect(written.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is drawn ten times a second at most', () => {
    expect(bars(shown({ terminal: true }, [start, ...steps(100)], 10))).toHaveLength(10);
  });

  it.each([20, 40, 60, 80, 200])('fits into %i columns', (columns) => {
    for (const colors of [false, true]) {
      for (const bar of bars(shown({ terminal: true, colors, columns: () => columns }, [start, ...steps(90)]))) {
        // oxlint-disable-next-line no-control-regex -- what is measured is what is seen
        expect(bar.replaceAll(/\u001b\[\d*[mK]/g, '').length).toBeLessThan(columns);
      }
    }
  });

  it('shows everything where there is room, and what matters most where there is not', () => {
    const wide = bars(shown({ terminal: true, columns: () => 120 }, [start, ...steps(50)])).at(-1);
    expect(wide).toContain('epoch 1/2  50 s left  error 40.0 %  loss 1.500  1,235 images/s');
    const narrow = bars(shown({ terminal: true, columns: () => 40 }, [start, ...steps(50)])).at(-1);
    expect(narrow).toContain('epoch 1/2  50 s left');
    expect(narrow).not.toContain('images/s');
  });

  it.each([
    [120, 'epoch 1/2  train loss 1.500, error 40.00 %  test loss 1.250, error 30.50 %   1,235 images/s  1:01'],
    [84, 'epoch 1/2  train loss 1.500, error 40.00 %  test loss 1.250, error 30.50 %  1:01'],
    [80, 'epoch 1/2  train error 40.0 %  test error 30.5 %  1:01'],
    [40, '1/2 errors: train 40.0 %, test 30.5 %'],
  ])('names the numbers of an epoch on %i columns', (columns, line) => {
    expect(shown({ terminal: true, columns: () => columns }, [start, epoch]).split('\n')).toContain(line);
  });

  it.each([20, 40, 80])('prints no line that is wider than %i columns', (columns) => {
    const written = shown({ terminal: true, columns: () => columns }, [start]);
    for (const line of written.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('has no colors unless the screen has', () => {
    expect(shown({ terminal: true }, [start, ...steps(3)])).not.toContain('\u001b[32m');
    expect(shown({ terminal: true, colors: true }, [start, ...steps(3)])).toContain('\u001b[32m');
  });
});

describe('progress of decoding images', () => {
  const decoded = (terminal: boolean): string => {
    let written = '';
    let time = 0;
    const screen: Screen = {
      terminal,
      colors: false,
      columns: () => 24,
      write: (text) => void (written += text),
    };
    const progress = createProgress(screen, { proportion: '1:1', keepsRun: true, now: () => time });
    for (let done = 1000; done <= 4000; done += 1000, time += 20_000) progress.decoding(done, 4000);
    progress.clear();
    return written;
  };

  it('is a plain line every half minute and one at the end in a pipe', () => {
    expect(decoded(false)).toBe(
      [1000, 3000, 4000].map((done) => `decoding images: ${done.toLocaleString('en-US')} of 4,000\n`).join(''),
    );
  });

  it('stays within one row of a terminal, and goes away', () => {
    const rows = decoded(true).split('\r').slice(1);
    expect(rows.map((row) => row.replace('\u001b[K', '').length)).toEqual([23, 23, 23, 23, 0]);
  });
});
