// page.mjs URL SAMPLES PICTURES: tries the page in Chromium, with a microphone that hears a sample.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, samples, pictures] = process.argv.slice(2);
const sample = name => join(samples, name + '.wav');
const CHOSEN = 'metro';
const HEARD = 'bus';
const WHOLE_SAMPLE_MILLIS = 5500;

/** Several samples of one rate, one after the other. */
function journey(...names) {
  const files = names.map(name => readFileSync(sample(name)));
  const content = Buffer.concat(files.map(file => file.subarray(44)));
  const header = Buffer.from(files[0].subarray(0, 44));
  header.writeUInt32LE(36 + content.length, 4);
  header.writeUInt32LE(content.length, 40);
  return Buffer.concat([header, content]);
}

/** Texts that stand out too little from what is behind them: WCAG's contrast of 4.5, or 3 of large ones. */
function faint() {
  const numbers = colour => colour.match(/[\d.]+/g).map(Number);
  const linear = value => (value <= 0.04045 * 255 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].filter(element => {
    const own = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || !element.offsetParent || element.matches(':disabled, script, style, option')) return false;
    const style = getComputedStyle(element);
    const [a, b] = [light(numbers(style.color)), light(behind(element))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24;
    return (a + 0.05) / (b + 0.05) < (large ? 3 : 4.5);
  }).map(element => element.textContent.trim());
}

const profile = mkdtempSync(join(tmpdir(), 'earshot-page-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  permissions: ['microphone'],
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
    '--use-file-for-fake-audio-capture=' + sample(HEARD)],
});
try {
  const page = await context.newPage();
  const messages = [];
  page.on('console', message => messages.push(message.text()));
  page.on('pageerror', error => messages.push(String(error)));
  const elsewhere = [];
  page.on('request', request => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) elsewhere.push(request.url());
  });
  const answered = async name => {
    await page.waitForFunction(text => document.getElementById('name').textContent.startsWith(text)
      && !document.getElementById('result').hidden, name);
    return page.textContent('#label');
  };
  const look = async (name, width, scheme) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    assert.deepEqual(await page.evaluate(faint), [], name + ' has texts that are hard to read');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, name + ' is wider than the window by ' + overflow);
    await page.screenshot({ path: join(pictures, name + '.png'), fullPage: true });
  };

  await page.goto(url);
  await page.waitForFunction(() => document.getElementById('served').textContent.includes(' on '));
  await look('empty-desktop-light', 1100, 'light');
  assert.ok(await page.locator('#cities option').count() > 1, 'no cities are offered');

  // A file, chosen.
  await page.fill('#city', 'Beijing');
  await page.setInputFiles('#file', sample(CHOSEN));
  assert.equal(await answered('metro.wav'), 'Metro');
  assert.equal(await page.locator('#scenes li').count(), 10);
  await look('answer-desktop-light', 1100, 'light');
  await look('answer-desktop-dark', 1100, 'dark');

  // A longer one, dropped.
  const dropped = await page.evaluateHandle(content => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], 'journey.wav'));
    return transfer;
  }, journey('bus', 'bus', 'bus', 'metro', 'metro', 'metro', 'airport', 'airport').toString('base64'));
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: dropped });
  await answered('journey.wav');
  const segments = await page.locator('#segments li').allTextContents();
  assert.ok(segments.length >= 2 && segments[0].includes('Bus'), 'segments: ' + segments);
  await look('journey-desktop-light', 1100, 'light');
  await look('journey-phone-dark', 390, 'dark');
  await look('journey-phone-light', 390, 'light');

  // Recorded, by the keyboard alone.
  await page.focus('#file');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'record');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#record[aria-pressed="true"]');
  await page.waitForTimeout(WHOLE_SAMPLE_MILLIS);
  await look('recording-phone-light', 390, 'light');
  await page.keyboard.press('Enter');
  assert.equal(await answered('your recording'), 'Bus');
  assert.notEqual(await page.inputValue('#time'), '');

  // Everything that can be used has a name.
  const nameless = await page.evaluate(() => [...document.querySelectorAll('input, button, select, canvas, section')]
    .filter(e => !(e.labels && e.labels.length) && !e.textContent.trim() && !e.getAttribute('aria-label')).map(e => e.id));
  assert.deepEqual(nameless, []);
  assert.deepEqual(messages, [], 'the console has messages');

  // A broken one, last: the browser itself notes the refusal.
  await page.setInputFiles('#file', { name: 'broken.wav', mimeType: 'audio/wav', buffer: Buffer.from('RIFF, and no more') });
  await page.waitForSelector('#error:not([hidden])');
  assert.match(await page.textContent('#error'), /broken\.wav.*found/);
  assert.ok(await page.isHidden('#result'));
  await look('broken-desktop-dark', 1100, 'dark');
  assert.ok(messages.every(message => message.includes('status of 422')), 'the console has messages: ' + messages);
  assert.deepEqual(elsewhere, [], 'the page asks others');
  console.log('the page works');
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
