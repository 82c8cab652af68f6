import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of files that changes as the kubelet changes a ConfigMap or Secret volume. */
export interface MountedVolume {
  path(name: string): string;
  /** Puts these files in the place of all that were there, in one step. */
  swap(files: Record<string, string>): void;
  remove(): void;
}

/**
 * A volume as the kubelet writes it (its atomic writer): the files are symlinks through `..data`, itself a symlink to a directory named after
 * the moment; a change is a new directory, a new symlink beside `..data`, and a rename over it. No file is ever written twice.
 */
export function mountVolume(files: Record<string, string>): MountedVolume {
  const root = mkdtempSync(join(tmpdir(), 'sluice-volume-'));
  let generation = 0;
  let previous: string | undefined;
  const swap = (next: Record<string, string>) => {
    const name = `..2026_11_29_12_00_00.${generation++}`;
    mkdirSync(join(root, name));
    for (const [file, text] of Object.entries(next)) writeFileSync(join(root, name, file), text);
    symlinkSync(name, join(root, '..data_tmp'));
    renameSync(join(root, '..data_tmp'), join(root, '..data'));
    if (previous !== undefined) rmSync(join(root, previous), { recursive: true });
    previous = name;
  };
  swap(files);
  for (const file of Object.keys(files)) symlinkSync(join('..data', file), join(root, file));
  return { path: (name) => join(root, name), swap, remove: () => rmSync(root, { recursive: true, force: true }) };
}
