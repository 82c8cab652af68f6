import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeFlagsOf } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));

describe('bin/sluice.js', () => {
  it('runs by its own first line, which keeps the young generation from shrinking', () => {
    expect(nodeFlagsOf(command)).toEqual(['--max-semi-space-size=32', '--min-semi-space-size=16']);
    expect(execFileSync(command, ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
