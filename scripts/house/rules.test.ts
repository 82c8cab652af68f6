import { describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, so that it runs before anything is built
import { checkPackage, fileLinesMax } from './rules.mjs';

function findings(name: string, files: Record<string, string>, dependencies: string[] = [], references: string[] = []) {
  return checkPackage({ name, dependencies, devDependencies: [], references, files: new Map(Object.entries(files)) });
}

describe('house rules', () => {
  it('let a well-kept package pass', () => {
    const source = "import { limits } from '@sluice/contracts';\nimport './b.js';\nexport { limits };\n";
    expect(findings('routing', { 'a.ts': source, 'b.ts': '' }, ['@sluice/contracts'], ['contracts'])).toEqual([]);
  });

  it.each([
    ['sideways import', 'routing', "import { x } from '@sluice/bus';", 'routing may not import bus'],
    [
      'a service importing a service',
      'router',
      "import type { Edge } from '@sluice/edge';",
      'router may not import edge',
    ],
    ['a deep import', 'edge', "import { x } from '@sluice/bus/src/x.js';", "only a package's index"],
    ['a relative way out', 'edge', "import { x } from '../../router/src/x.js';", 'outside its package'],
    ['a second door', 'router', "import { request } from 'undici';", 'undici has one door'],
    ['a dynamic second door', 'router', "const { Queue } = await import('bullmq');", 'bullmq has one door'],
    ['an undeclared library', 'edge', "import leftPad from 'left-pad';", 'not in the package'],
    ['reading the environment', 'edge', 'const port = process.env.PORT;', 'only packages/config reads'],
    ['test support in the product', 'edge', "import { x } from './x.fixture.js';", 'which only tests may'],
    ['a test double in the product', 'edge', "import { x } from './testing/x.js';", 'which only tests may'],
    ['a long file', 'edge', 'x;\n'.repeat(fileLinesMax + 1), 'more than one concept'],
  ])('find %s', (_what, name, source, message) => {
    expect(findings(name, { 'a.ts': source }).join('\n')).toContain(message);
  });

  it.each(['a.test.ts', 'a.fixture.ts', 'b/a.fixture.ts', 'testing/a.ts', 'b/testing/a.ts', 'conformance/a.ts'])(
    'leave %s the freedom of a test',
    (path) => {
      const source = `import 'ws';\nimport '@sluice/bus';\nimport './x.fixture.js';\nprocess.env.PORT;\n${'x;\n'.repeat(300)}`;
      expect(findings('edge', { [path]: source })).toEqual([]);
    },
  );

  it('take names that only resemble test support for what they are', () => {
    const files = {
      'fixture.ts': "import 'left-pad';",
      'contesting/a.ts': "import 'left-pad';",
      'a-test.ts': "import 'left-pad';",
    };
    expect(findings('edge', files)).toHaveLength(3);
  });

  it('find vague names, cycles, and manifests that differ from imports and references', () => {
    expect(findings('edge', { 'socket-utils.ts': '' })[0]).toContain('name the concept');
    expect(findings('edge', { 'a.ts': "import './b.js';", 'b.ts': "export * from './a.js';" })[0]).toContain(
      'import cycle a.ts → b.ts → a.ts',
    );
    const unused = findings('edge', { 'a.ts': '' }, ['@sluice/bus']).join('\n');
    expect(unused).toContain('never imports it');
    expect(unused).toContain('lacks the reference to bus');
    expect(findings('edge', {}, [], ['bus'])[0]).toContain('does not declare');
  });
});
