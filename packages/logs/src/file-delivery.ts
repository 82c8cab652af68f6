import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { limits } from '@sluice/contracts';
import type { Delivery } from './batched-sink.js';

/**
 * Appends to a file, which is made where it is absent (its folder is not). A file that was moved away or removed is noticed
 * by its inode and opened anew, so that rotation needs no signal. Not every text after `file://` is a path: that shows with
 * the first batch.
 */
export function deliverToFile(destination: string): Delivery {
  let file: FileHandle | undefined;
  let checkedMs = 0;

  const close = async () => {
    const old = file;
    file = undefined;
    await old?.close();
  };

  const openFile = async (): Promise<FileHandle> => {
    const path = fileURLToPath(destination);
    const nowMs = performance.now();
    if (file !== undefined && nowMs - checkedMs >= limits.accessLogRotationCheckMs && (await wasMoved(file, path))) {
      await close();
    }
    if (file === undefined || nowMs - checkedMs >= limits.accessLogRotationCheckMs) checkedMs = nowMs;
    file ??= await open(path, 'a', 0o640);
    return file;
  };

  return {
    async deliver(lines) {
      try {
        const handle = await openFile();
        await handle.appendFile(`${lines.join('\n')}\n`);
      } catch (error) {
        await close().catch(() => undefined);
        throw error;
      }
    },
    reopen() {
      checkedMs = Number.NEGATIVE_INFINITY;
    },
    close,
  };
}

async function wasMoved(file: FileHandle, path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return true;
  const own = await file.stat();
  return own.ino !== there.ino || own.dev !== there.dev;
}
