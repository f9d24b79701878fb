import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { graphBuilder, graphToJson } from '../../graph/index.js';
import { build, rectio, start, writeTinyMnist, type Running } from '../testing/rectio.js';

const executablePath = '/usr/bin/chromium';
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

let folder: string;
let board: Running;
let link: string;
let browser: Browser;

function tinyNetwork(): string {
  const net = graphBuilder('tiny', [1, 8, 8]);
  let x = net.input;
  for (const name of ['a', 'b']) {
    x = net.convolution(`${name}.conv`, x, { outChannels: 4, kernel: 3, padding: 1, bias: false });
    x = net.relu(`${name}.relu`, x);
  }
  net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', x)), { outFeatures: 10 });
  return JSON.stringify(graphToJson(net.build()));
}

const data = ['--data', 'mnist', '--data-dir', 'mnist', '--engine', 'reference', '--batch', '8'];

// Debian's package; elsewhere the pages are only type-checked and built.
describe.skipIf(!existsSync(executablePath))(`rectio board in Chromium (${executablePath})`, () => {
  beforeAll(async () => {
    build();
    folder = mkdtempSync(join(tmpdir(), 'rectio-board-'));
    writeTinyMnist(join(folder, 'mnist'), { train: 48, test: 60 });
    writeFileSync(join(folder, 'tiny.json'), tinyNetwork());
    const study = ['compare', 'tiny.json', '--ratios', '2:1', '--seeds', '2', '--epochs', '1'];
    const { code, stderr } = await rectio([...study, ...data, '--study', 'studies/tiny'], folder);
    if (code !== 0) throw new Error(stderr);
    const campaign = {
      name: 'depth',
      seeds: 2,
      settings: { epochs: 1, batch: 8, data: { name: 'mnist', dir: 'mnist' } },
      studies: { only: { networks: ['deep.json'], ratios: ['2:1'] } },
      hypotheses: { P: { study: 'only', arms: ['2:1'], claim: 'better', role: 'primary' } },
    };
    writeFileSync(join(folder, 'deep.json'), tinyNetwork());
    writeFileSync(join(folder, 'campaign.json'), JSON.stringify(campaign));
    const judged = await rectio(['compare', '--plan', 'campaign.json', '--engine', 'reference'], folder);
    if (judged.code !== 0) throw new Error(judged.stderr);
    const port = 20_000 + (process.pid % 20_000);
    link = `http://127.0.0.1:${port}/`;
    board = start(['board', '--port', String(port)], folder);
    await board.said(link);
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(async () => {
    await browser?.close();
    board?.kill('SIGINT');
    await board?.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows a training that runs, and its curve as it moves', async () => {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(link);
    await page.getByRole('status').getByText('live').waitFor();
    const training = start(
      ['train', '--model', 'tiny.json', ...data, '--epochs', '2000', '--run', 'runs/moving'],
      folder,
    );
    try {
      const row = page.getByRole('row', { name: /runs\/moving/ });
      await row.getByText('running').waitFor();
      // With the keyboard alone.
      await row.getByRole('link').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'runs/moving' }).waitFor();
      const loss = page.getByRole('region', { name: 'Loss' });
      await loss.locator('canvas').waitFor();
      const said = loss.locator('.unseen');
      const before = await said.textContent();
      const picture = await loss.locator('canvas').screenshot();
      await expect.poll(() => said.textContent(), { timeout: 20_000 }).not.toBe(before);
      // The canvas is drawn a frame or more after the words have changed.
      await expect
        .poll(async () => (await loss.locator('canvas').screenshot()).equals(picture), { timeout: 20_000 })
        .toBe(false);
      expect(await page.getByRole('img', { name: /Drawing of tiny at/ }).isVisible()).toBe(true);
    } finally {
      training.kill('SIGKILL');
      await training.ended;
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('shows the pictures of what a run got wrong', async () => {
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    await page.goto(link);
    await page
      .getByRole('row', { name: /studies\/tiny\/trials/ })
      .getByRole('link')
      .first()
      .click();
    const pictures = page.getByRole('list', { name: 'Most confidently wrong answers' }).getByRole('img');
    await pictures.first().waitFor();
    // A canvas that nothing was drawn on is transparent.
    const drawn = `[...document.querySelectorAll('.pictures canvas')].every(
      (canvas) => canvas.getContext('2d').getImageData(0, 0, 1, 1).data[3] === 255)`;
    await expect.poll(() => page.evaluate(drawn)).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await page.close();
  });

  it('lays two runs over each other, shows values under the pointer, and takes a logarithmic scale', async () => {
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(link);
    await page.getByRole('link', { name: 'studies/tiny', exact: true }).click();
    await page.getByRole('link', { name: 'tiny.json-1to1-seed0' }).click();
    await page.getByRole('combobox').selectOption('studies/tiny/trials/tiny.json-2to1-seed0');
    await page.getByRole('link', { name: 'studies/tiny/trials/tiny.json-2to1-seed0' }).waitFor();
    const loss = page.getByRole('region', { name: 'Loss' });
    await loss.locator('canvas').waitFor();
    expect(await loss.locator('.unseen').textContent()).toMatch(/this run, test: .*tiny.json-2to1-seed0, test: /);
    await loss.locator('.u-over').hover();
    await expect.poll(() => loss.locator('.u-legend').textContent()).toMatch(/this run, test *\d/);
    const linear = await loss.locator('canvas').screenshot();
    await loss.getByRole('checkbox', { name: 'logarithmic' }).check();
    expect((await loss.locator('canvas').screenshot()).equals(linear)).toBe(false);
    // With the keyboard alone.
    await loss.locator('.chart').focus();
    await page.keyboard.press('ArrowRight');
    expect(await loss.getByRole('status').textContent()).toMatch(/^step \d+: this run, /);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('leads from a campaign to its studies', async () => {
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    await page.goto(link);
    await page.getByRole('link', { name: 'studies/depth', exact: true }).click();
    await page.getByRole('heading', { name: 'Campaign depth' }).waitFor();
    expect(await page.locator('.verdict').textContent()).toMatch(/^Refuted|^Supported|^Mixed/);
    expect(await page.getByRole('row', { name: /^P deep.json 2:1 against 1:1: better/ }).count()).toBe(1);
    const figure = page.getByRole('img', { name: /Hypotheses, predicted and found/ });
    await figure.waitFor();
    const loaded = `document.querySelector('img[alt^="Hypotheses"]').naturalWidth > 0`;
    await expect.poll(() => page.evaluate(loaded)).toBe(true);
    await page.getByRole('link', { name: 'studies/depth/studies/only' }).click();
    await page.getByRole('heading', { name: 'Study only' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await page.close();
  });

  it('leads from a study to its report, which runs nothing', async () => {
    const page = await browser.newPage();
    await page.goto(link);
    await page.getByRole('link', { name: 'studies/tiny', exact: true }).click();
    const address = await page.getByRole('link', { name: 'The report' }).getAttribute('href');
    const answer = await page.goto(new URL(address!, link).href);
    expect(answer!.headers()['content-security-policy']).toMatch(/default-src 'none'.*sandbox/);
    await page.getByRole('heading', { name: 'How it was made' }).waitFor();
    await page.getByText('What the columns mean').first().click();
    expect(await page.getByText('n: the number of finished seeds').isVisible()).toBe(true);
    await page.close();
  });

  it('says the verdict of a study that is done', async () => {
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    await page.goto(link);
    await page.getByRole('link', { name: 'studies/tiny', exact: true }).click();
    const verdict = await page.locator('.verdict').textContent();
    expect(verdict).toMatch(/^On tiny.json, with 2 paired seeds: 2:1 is /);
    const forest = page.getByRole('img', { name: /Differences in test error/ });
    await expect
      .poll(() => forest.evaluate((image: { naturalWidth?: number }) => image.naturalWidth))
      .toBeGreaterThan(0);
    expect(await page.getByRole('table').first().textContent()).toContain('2:1');
    // The page itself never scrolls sideways.
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await page.close();
  });
});
