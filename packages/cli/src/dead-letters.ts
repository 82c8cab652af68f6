import { ConfigError, type Flags, loadSettings } from '@sluice/config';
import { type OpenDeadLetters, openDeadLetters } from '@sluice/standalone';
import { deadLetterAsJson, deadLetterAsLine } from './dead-letter-text.js';

/** `sluice dead-letters list`: what could not be processed, why, and how often it was tried. */
export async function listDeadLetters(flags: Flags, { json, count }: { json: boolean; count: string }): Promise<void> {
  const countMax = Number(count);
  if (!Number.isInteger(countMax) || countMax < 1)
    throw new ConfigError([`--count: is ${count}; allowed: a whole number from 1`]);
  await withDeadLetters(flags, async ({ deadLetters }) => {
    const letters = await deadLetters.list({ countMax });
    for (const letter of letters)
      process.stdout.write(`${json ? JSON.stringify(deadLetterAsJson(letter)) : deadLetterAsLine(letter)}\n`);
    if (json) return;
    const all = await deadLetters.count();
    process.stdout.write(all === 0 ? 'There are no dead letters.\n' : `${letters.length} of ${all} dead letters\n`);
  });
}

export interface RedriveOptions {
  ids: string[];
  all: boolean;
  json: boolean;
  /** Let a router do it, as a background job that is tried again on failure. */
  background: boolean;
}

/** `sluice dead-letters redrive`: back onto the stream with those named, or with all. */
export async function redriveDeadLetters(flags: Flags, { ids, all, json, background }: RedriveOptions): Promise<void> {
  if (all === ids.length > 0) throw new ConfigError(['dead-letters redrive: name ids, or say --all']);
  await withDeadLetters(flags, async ({ deadLetters, redriveLater }) => {
    if (background) {
      await redriveLater(ids);
      process.stdout.write(json ? '{"queued":true}\n' : 'queued: a router puts them on the stream again\n');
      return;
    }
    const redriven = await deadLetters.redrive(all ? undefined : ids);
    process.stdout.write(
      json
        ? `${JSON.stringify({ redriven })}\n`
        : redriven === 1
          ? '1 dead letter is on the stream again\n'
          : `${redriven} dead letters are on the stream again\n`,
    );
  });
}

async function withDeadLetters(flags: Flags, work: (opened: OpenDeadLetters) => Promise<void>): Promise<void> {
  const settings = loadSettings({ command: 'router', flags, fileOptional: true });
  const opened = await openDeadLetters(settings);
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
}
