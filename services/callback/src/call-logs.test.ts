import type { ApiDefinition } from '@sluice/contracts';
import type { LogSinks } from '@sluice/logs';
import { describe, expect, it } from 'vitest';
import { apiDefinition, startCallback } from './testing/start-callback.js';

const format =
  '$context.eventType|$context.routeKey|$context.status|$context.connectionId|$context.requestId|$context.error.responseType|$context.identity.sourceIp|$context.stage|$context.messageId';

function logged(stage: Partial<ApiDefinition['stages'][string]>): ApiDefinition {
  const api = apiDefinition('chat', 'dev', 'quiet');
  return { ...api, stages: { ...api.stages, dev: { stageName: 'dev', stageVariables: {}, ...stage } } };
}

function keepLines(): { logs: LogSinks; lines: string[] } {
  const lines: string[] = [];
  const logs: LogSinks = {
    open: () => ({ write: (line) => void lines.push(line), close: () => {} }),
    reopen: () => {},
    close: async () => {},
  };
  return { logs, lines };
}

describe('access log of @connections calls', () => {
  it('[SL-3] one line a call that reached a stage, with what became of it', async () => {
    const { logs, lines } = keepLines();
    const api = logged({ accessLogSettings: { format, destinationArn: 'stdout' } });
    const { callback, edge, base } = await startCallback({}, [api], { logs });
    const id = edge.connect('chat/dev');
    const posted = await fetch(`${base}/dev/@connections/${id}`, { method: 'POST', body: 'x' });
    const requestId = posted.headers.get('x-amzn-requestid');
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines).toEqual([
      `CONNECTION_API|POST /@connections/{connectionId}|200|${id}|${requestId}|-|127.0.0.1|dev|-`,
    ]);
    await fetch(`${base}/dev/@connections/${id}`, { method: 'DELETE' });
    await fetch(`${base}/dev/@connections/${id}`);
    await fetch(`${base}/dev/@connections/nonsense`);
    await fetch(`${base}/quiet/@connections/${id}`);
    await fetch(`${base}/nowhere/@connections/${id}`);
    expect(lines.slice(1).map((line) => line.split('|').filter((_, n) => [1, 2, 3, 5].includes(n)))).toEqual([
      ['DELETE /@connections/{connectionId}', '204', id, '-'],
      ['GET /@connections/{connectionId}', '410', id, '-'],
      ['GET /@connections/{connectionId}', '400', '-', 'BAD_REQUEST_PARAMETERS'],
    ]);
    await callback.stop();
  });

  it('[CN-73] the caller is who the proxies say it is, where they are trusted, else the peer', async () => {
    const api = logged({
      accessLogSettings: { format: '$context.requestId $context.identity.sourceIp', destinationArn: 'stdout' },
    });
    const seen = async (trustedProxies: string[], headers: Record<string, string>) => {
      const { logs, lines } = keepLines();
      const { callback, edge, base } = await startCallback({ trustedProxies }, [api], { logs });
      await fetch(`${base}/dev/@connections/${edge.connect('chat/dev')}`, { headers });
      await callback.stop();
      return lines.map((line) => line.slice(37));
    };
    const headers = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' };
    expect(await seen([], headers)).toEqual(['127.0.0.1']);
    expect(await seen(['127.0.0.0/8'], headers)).toEqual(['203.0.113.9']);
  });

  it('[SL-3] a call that is not signed has its reason, and no caller', async () => {
    const { logs, lines } = keepLines();
    const api = logged({
      accessLogSettings: {
        format: '$context.requestId $context.status $context.error.responseType $context.identity.user',
        destinationArn: 'stdout',
      },
    });
    const key = { accessKeyId: 'AKID', secretAccessKey: 'secret', allow: ['*'] };
    const { callback, edge, base } = await startCallback({ auth: { mode: 'sigv4', keys: [key] } }, [api], { logs });
    await fetch(`${base}/dev/@connections/${edge.connect('chat/dev')}`);
    expect(lines.map((line) => line.slice(37))).toEqual(['403 MISSING_AUTHENTICATION_TOKEN -']);
    await callback.stop();
  });
});
