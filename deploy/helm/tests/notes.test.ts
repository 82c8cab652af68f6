// What Helm prints after an install: addresses, how to test it, and what is not as it should be.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartFolder, find, render } from './chart.js';

const redis = { url: 'redis://redis.example:6379' };
const apis = { chat: { routes: { $default: 'http://back-end:9000/' }, stages: { dev: {} } } };
const auth = { existingSecret: 'keys' };
const folder = mkdtempSync(join(tmpdir(), 'sluice-notes-'));

// `helm template` leaves the notes out: a copy of the chart shows them as content of an object.
beforeAll(() => {
  cpSync(chartFolder, folder, { recursive: true });
  const notes = readFileSync(join(folder, 'templates/NOTES.txt'), 'utf8');
  const object = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shown\ndata:\n  notes: ';
  const shown = `{{- define "shown" -}}\n${notes}{{- end -}}\n${object}{{ include "shown" . | toJson }}\n`;
  writeFileSync(join(folder, 'templates/shown.yaml'), shown);
});
afterAll(() => rmSync(folder, { recursive: true }));

function notesOf(values: object): string {
  const shown = find(render({ values: { redis, ...values }, chart: folder }), 'ConfigMap', 'shown');
  return shown.data?.['notes'] ?? '';
}

describe('the notes', () => {
  it('name the addresses, for clients and for back ends, and the test', () => {
    const notes = notesOf({ config: { apis }, auth });
    expect(notes).toContain('ws://sluice-edge.gateways:8080/<stage>');
    expect(notes).toContain('http://sluice-callback.gateways:8082/<stage>');
    expect(notes).toContain('port-forward service/sluice-edge 8080:8080');
    expect(notes).toContain('helm test sluice --namespace gateways');
    expect(notes).not.toContain('WARNING');
  });

  it.each([
    [
      'a Gateway',
      { gatewayApi: { enabled: true, parentRefs: [{ name: 'a' }], hostnames: ['ws.example.com'] } },
      'wss://ws.example.com/<stage>',
    ],
    ['an Ingress', { ingress: { enabled: true, hosts: [{ host: 'ws.example.com' }] } }, 'ws://ws.example.com/<stage>'],
    [
      'an Ingress with TLS',
      { ingress: { enabled: true, hosts: [{ host: 'ws.example.com' }], tls: [{ secretName: 'tls' }] } },
      'wss://ws.example.com/<stage>',
    ],
    ['a load balancer', { edge: { service: { type: 'LoadBalancer' } } }, 'get service sluice-edge'],
  ])('name the address through %s', (_title, values, text) => {
    expect(notesOf(values)).toContain(text);
  });

  it.each([
    ['there is no API', {}, 'config.apis is empty'],
    ['back ends have no key', { config: { apis } }, 'back ends cannot post. Set auth.existingSecret'],
    ['everybody may post', { config: { apis, auth: { callback: 'none' } } }, 'config.auth.callback is none'],
    [
      'Redis is one pod without a disk',
      { redis: { bundled: { enabled: true, acknowledgeTrial: true } } },
      'redis.bundled.enabled: this Redis is one pod without a disk',
    ],
    [
      'nobody checks who Redis is',
      { redis: { url: 'rediss://redis.example', tls: { enabled: true, rejectUnauthorized: false } } },
      'redis.tls.rejectUnauthorized is false',
    ],
  ])('warn where %s', (_title, values, text) => {
    expect(notesOf(values)).toContain(`WARNING: ${text.startsWith('back ends') ? 'there is no key' : text}`);
    expect(notesOf(values)).toContain(text);
  });

  it('say nothing of processes that are not there', () => {
    const notes = notesOf({ edge: { enabled: false }, callback: { enabled: false } });
    expect(notes).not.toMatch(/ws:\/\/|@connections|helm test/);
  });
});
