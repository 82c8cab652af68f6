// `npm test`: everything, from a fresh clone. `npm test -- lint unit` runs the suites named.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireGoTools } from './go-tools.mjs';
import { requirePythonPackages } from './python-tools.mjs';
import { giveUp, root, say, setUp } from './set-up.mjs';
import { requireSystemTools } from './system-tools.mjs';

const suites = {
  lint: () => command('npm', ['run', '--silent', 'lint']),
  unit: () => vitest('unit'),
  gateway: () => vitest('gateway'),
  deploy: () => vitest('deploy'),
  alerts: () => vitest('alerts'),
  conformance,
};
const coloured = process.stdout.isTTY === true && process.stdout.hasColors();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) giveUp(`There is no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}.`);

const startedAt = performance.now();
setUp();
requireSystemTools();
requirePythonPackages({ say, giveUp });
if (named.length === 0 || named.includes('deploy')) requireGoTools();
const directory = mkdtempSync(join(tmpdir(), 'sluice-test-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

const results = Object.entries(suites)
  .filter(([name]) => named.length === 0 || named.includes(name))
  .map(([name, suite]) => {
    say(`${name}`);
    const before = performance.now();
    const result = suite();
    return { name, ...result, seconds: (performance.now() - before) / 1000 };
  });

console.log(
  `\n${'suite'.padEnd(13)}${'result'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'seconds'.padStart(9)}`,
);
for (const { name, ok, passed, failed, seconds } of results) {
  const counts = `${String(passed ?? '').padStart(8)}${String(failed ?? '').padStart(8)}${seconds.toFixed(1).padStart(9)}`;
  console.log(`${name.padEnd(13)}${paint(ok ? 32 : 31, (ok ? 'ok' : 'FAILED').padEnd(10))}${counts}`);
}
for (const { failures = [] } of results) for (const failure of failures) console.log(`  ${paint(31, '✗')} ${failure}`);
const bad = results.filter(({ ok }) => !ok);
const total = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(
  bad.length === 0
    ? `\nAll passed in ${total} s.`
    : `\nFailed: ${bad.map(({ name }) => name).join(', ')} (${total} s).`,
);
process.exitCode = bad.length === 0 ? 0 : 1;

function command(program, args) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  return { ok: status === 0 };
}

function vitest(project) {
  const report = join(directory, `${project}.json`);
  const { ok } = command(process.execPath, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  return { ok, ...readReport(report) };
}

/** Against a standalone gateway and a cluster; prints its table by chapter. */
function conformance() {
  const report = join(directory, 'conformance.json');
  const { ok } = command(process.execPath, [join(root, 'scripts', 'conformance.mjs'), '--report', report]);
  try {
    const results = Object.entries(JSON.parse(readFileSync(report, 'utf8'))).flatMap(([kind, rules]) =>
      rules.map((rule) => ({ ...rule, kind })),
    );
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    const passed = results.filter(({ outcome }) => outcome === 'passed').length;
    const failures = failed.map(({ kind, id, title, reason }) => `${kind}: ${id} ${title}: ${reason}`);
    return { ok: ok && passed > 0, passed, failed: failed.length, failures };
  } catch {
    return { ok: false, passed: 0, failed: 0, failures: ['the conformance suite ended without a report'] };
  }
}

// A suite that found no test at all, or skipped some, has not passed: nobody would notice otherwise.
function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { ok: false, passed: 0, failed: 0, failures: ['the test runner ended without a report'] };
  }
  const failures = report.testResults.flatMap(({ name, status, assertionResults, message }) => {
    const tests = assertionResults.filter((each) => each.status === 'failed').map((each) => each.fullName);
    if (status === 'failed' && tests.length === 0) return [`${name}: ${String(message).split('\n')[0]}`];
    return tests;
  });
  const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
  if (skipped > 0) failures.push(`${skipped} tests were skipped`);
  if (report.numPassedTests === 0) failures.push('no test ran');
  const counts = { passed: report.numPassedTests, failed: report.numFailedTests, failures };
  return failures.length > 0 ? { ok: false, ...counts } : counts;
}

function paint(code, text) {
  return coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
}
