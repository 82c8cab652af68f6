import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from './command-line.js';

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'));

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Example {
  page: string;
  line: number;
  text: string;
}

/** Every block of YAML in the pages, with the line on which it begins. */
const examples = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((page) => page.endsWith('.md'))
  .sort()
  .flatMap((page): Example[] => {
    const text = readFileSync(join(docs, page), 'utf8');
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(({ 1: block = '', index }) => ({
      page,
      line: text.slice(0, index).split('\n').length + 1,
      text: block,
    }));
  });

const ofFile = ['apis', 'account', 'auth', 'aws', 'domainNames', 'edge', 'lambda', 'log', 'redis', 'usagePlans'];

/** The file that an example is part of: members of an API stand in one with a back end, a route and a stage. */
function wholeFile(text: string): string {
  const keys = [...text.matchAll(/^([A-Za-z]+):/gm)].map(([, key = '']) => key);
  if (keys.includes('apis')) return text;
  if (keys.every((key) => ofFile.includes(key))) {
    // A cluster asks for a key.
    const auth =
      keys.includes('redis') && !keys.includes('auth')
        ? `auth: { keys: [{ accessKeyId: AK, secretAccessKey: s, allow: ["*"] }] }\n`
        : '';
    return `apis: { chat: { routes: { $default: "http://127.0.0.1:9000/" }, stages: { dev: {} } } }\n${auth}${text}`;
  }
  const given: Record<string, string> = {
    integrations: '{ backend: { integrationType: HTTP_PROXY, integrationUri: "http://127.0.0.1:9000/" } }',
    routes: '{ $default: "http://127.0.0.1:9000/" }',
    stages: '{ dev: {} }',
  };
  const missing = Object.entries(given).filter(([key]) => !keys.includes(key));
  const members = [text, ...missing.map(([key, value]) => `${key}: ${value}`)].join('\n');
  return `apis:\n  chat:\n${members.replace(/^(?=.)/gm, '    ')}\n`;
}

async function check(text: string): Promise<string> {
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, text);
  let out = '';
  const write = (chunk: unknown) => {
    out += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  await runCommandLine(['node', 'sluice', 'check', file]);
  return out;
}

describe('examples in the pages are what the gateway takes', () => {
  it('there are some', () => {
    const pages = new Set(examples.map(({ page }) => page));
    expect([...pages]).toEqual(expect.arrayContaining(['extensions.md', 'mapping-templates.md', 'logs.md']));
  });

  it.each(examples)('$page, line $line', async ({ text }) => {
    const out = await check(wholeFile(text));
    expect(out).toContain('is valid.');
    expect(out).not.toContain('warning');
  });

  it('those of the extensions are whole files, and fail without the key that each is about', async () => {
    const ofExtensions = examples.filter(({ page }) => page === 'extensions.md').map(({ text }) => text);
    expect(ofExtensions.length).toBeGreaterThanOrEqual(7);
    expect(ofExtensions.filter((text) => !text.startsWith('apis:'))).toEqual([]);
    // The checker must see such keys at all: misspelt ones do not pass.
    for (const key of ['binaryFrames', 'order', 'jwtConfiguration', 'authorizerResultTtlInSeconds', 'allowedOrigins']) {
      const example = ofExtensions.find((text) => text.includes(`${key}:`)) ?? '';
      expect(await check(example.replace(`${key}:`, `${key}x:`))).toContain(`${key}x`);
    }
  });
});
