import type { AppliedOverride } from './apply-overrides.js';
import type { FindOrigin, Path } from './problems.js';
import type { YamlFile } from './yaml-file.js';

/** Where a value has to be changed: the flag or variable that set it, else its place in the file. */
export function originOf(file: YamlFile, applied: AppliedOverride[]): FindOrigin {
  return (path, atKey) => originOfOverride(applied, path) ?? file.placeOf(path, atKey);
}

/** `--port` or `SLUICE_PORT` where one of them set the value. */
export function originOfOverride(applied: AppliedOverride[], path: Path): string | undefined {
  return applied.find((each) => each.path.every((segment, i) => segment === path[i]))?.origin;
}
