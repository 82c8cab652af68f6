import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MountedVolume, mountVolume, waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, FileWatch } from './file-watch.js';

const timing = { intervalMs: 30, settleMs: 20 };

/** Follows files as the reloader does; keeps what was in them at each change. */
function follow(...paths: string[]) {
  const seen: (string | undefined)[][] = [];
  const read = () => paths.map((path) => readOrUndefined(path));
  const watch = new FileWatch(() => {
    const texts = read();
    seen.push(texts);
    watch.follow(new Map(paths.map((path, index) => [path, digestOf(texts[index])])));
  }, timing);
  watch.follow(new Map(paths.map((path) => [path, digestOf(readOrUndefined(path))])));
  watch.start();
  return { watch, seen };
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

describe('FileWatch', () => {
  let directory: string;
  let file: string;
  let watch: FileWatch | undefined;
  let volume: MountedVolume | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
    file = join(directory, 'sluice.yaml');
    writeFileSync(file, 'one');
  });
  afterEach(() => {
    watch?.stop();
    volume?.remove();
    rmSync(directory, { recursive: true });
  });

  it('sees a file written in place, renamed over, gone and back', async () => {
    const { seen, ...followed } = follow(file);
    watch = followed.watch;
    writeFileSync(file, 'two');
    await waitFor('two', () => seen.length === 1);
    writeFileSync(`${file}.new`, 'three');
    renameSync(`${file}.new`, file);
    await waitFor('three', () => seen.length === 2);
    rmSync(file);
    await waitFor('its end', () => seen.length === 3);
    writeFileSync(file, 'four');
    await waitFor('four', () => seen.length === 4);
    expect(seen).toEqual([['two'], ['three'], [undefined], ['four']]);
  });

  it('sees a volume that the kubelet swaps, each time', async () => {
    volume = mountVolume({ 'sluice.yaml': 'one', keys: 'k1' });
    const { seen, ...followed } = follow(volume.path('sluice.yaml'), volume.path('keys'));
    watch = followed.watch;
    volume.swap({ 'sluice.yaml': 'one', keys: 'k2' });
    await waitFor('the first swap', () => seen.length === 1);
    volume.swap({ 'sluice.yaml': 'two', keys: 'k2' });
    await waitFor('the second swap', () => seen.length === 2);
    expect(seen).toEqual([
      ['one', 'k2'],
      ['two', 'k2'],
    ]);
  });

  it('says nothing where the content is the same: touched, rewritten, swapped for an equal one', async () => {
    volume = mountVolume({ 'sluice.yaml': 'one' });
    const { seen, ...followed } = follow(file, volume.path('sluice.yaml'));
    watch = followed.watch;
    utimesSync(file, new Date(), new Date());
    await sleep(100);
    writeFileSync(file, 'one');
    volume.swap({ 'sluice.yaml': 'one' });
    await sleep(200);
    expect(seen).toEqual([]);
  });

  it('waits until a file that is being written has come to rest', async () => {
    const { seen, ...followed } = follow(file);
    watch = followed.watch;
    truncateSync(file);
    const half = setInterval(() => writeFileSync(file, `half ${performance.now()}`), 5);
    await sleep(300);
    clearInterval(half);
    writeFileSync(file, 'whole');
    await waitFor('the change', () => seen.at(-1)?.[0] === 'whole');
    expect(seen).toEqual([['whole']]);
  });

  it('sees a second change of the same size within a tick of the clock of the file system', async () => {
    const { seen, ...followed } = follow(file);
    watch = followed.watch;
    const fixed = new Date(Date.now() - 10_000);
    for (const text of ['aaa', 'bbb', 'ccc']) {
      writeFileSync(file, text);
      utimesSync(file, fixed, fixed);
      await waitFor(text, () => seen.at(-1)?.[0] === text);
    }
  });

  it('ends when it is told to', async () => {
    const { seen, watch: ended } = follow(file);
    ended.stop();
    writeFileSync(file, 'two');
    await sleep(150);
    expect(seen).toEqual([]);
  });
});
