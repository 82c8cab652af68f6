import { createTelemetry } from '@sluice/telemetry';
import { expect, it } from 'vitest';
import { startCallback } from './testing/start-callback.js';

/** A service that wants signatures, and the lines of its log. */
async function startSigned() {
  const lines: Record<string, unknown>[] = [];
  const logDestination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const telemetry = createTelemetry({ role: 'callback', logLevel: 'info', logDestination });
  const keys = [{ accessKeyId: 'A', secretAccessKey: 's', allow: [] }];
  const service = await startCallback({ auth: { mode: 'sigv4', keys } }, undefined, { telemetry });
  const post = async (path: string, headers: Record<string, string> = {}) => {
    const { status } = await fetch(`${service.base}${path}`, { method: 'POST', body: 'x', headers });
    return status;
  };
  return { ...service, lines, post };
}

it('[CB-14] the log says what is wrong with a signature, and never what the request had', async () => {
  const { callback, edge, lines, post } = await startSigned();
  const path = `/dev/@connections/${edge.connect('chat/dev')}`;
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `A/${date.slice(0, 8)}/pl4nted/execute-api/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
  expect(await post(path)).toBe(403);
  expect(await post(path, { authorization, 'x-amz-date': date })).toBe(403);
  const found = lines.filter(({ event }) => event === 'callback.signature_refused');
  expect(found).toMatchObject([
    { reason: 'missing', msg: 'a request was not let in: it is not signed' },
    {
      reason: 'scope',
      msg: 'a request was not let in: it is signed for another region than aws.region, which is us-east-1',
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('pl4nted');
  await callback.stop();
});

it('[CB-10] the log says which address named no stage, without its query', async () => {
  const { callback, edge, lines, post } = await startSigned();
  expect(await post(`/@connections/${edge.connect('chat/dev')}?token=pl4nted`)).toBe(403);
  const found = lines.filter(({ event }) => event === 'callback.address_unknown');
  expect(found).toMatchObject([
    { path: expect.stringMatching(/^\/@connections\/.+$/), msg: expect.stringMatching(/ends in the stage$/) },
  ]);
  expect(JSON.stringify(lines)).not.toContain('pl4nted');
  await callback.stop();
});
