import type { PostCommand } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { apiDefinition, type StartedCallback, startCallback } from './testing/start-callback.js';

let service: StartedCallback;
afterEach(() => service.callback.stop());

async function post(api: 'chat' | 'binary', headers: Record<string, string>, body = 'x') {
  const connectionId = service.edge.connect(`${api}/dev`);
  const init = { method: 'POST', body, headers };
  const response = await fetch(`${service.base}/${api}/dev/@connections/${connectionId}`, init);
  const posts = service.edge.commands.filter((each): each is PostCommand => each.kind === 'POST');
  const own = posts.find((each) => each.connectionId === connectionId);
  return { status: response.status, body: await response.text(), binary: own === undefined ? 'not sent' : own.binary };
}

const start = () =>
  startCallback({}, [apiDefinition('chat', 'dev'), { ...apiDefinition('binary', 'dev'), binaryFrames: true }]);

describe('x-sluice-frame', () => {
  it.each<[Record<string, string>, boolean | undefined]>([
    [{ 'x-sluice-frame': 'binary' }, true],
    [{ 'X-Sluice-Frame': 'Text' }, false],
    [{ 'content-type': 'application/octet-stream' }, undefined],
  ])('[CN-74] %j says which frame a post becomes, on an API that takes binary ones', async (headers, binary) => {
    service = await start();
    expect(await post('binary', headers)).toEqual({ status: 200, body: '', binary });
  });

  it('[CN-74] of another kind is 400, and nothing is sent', async () => {
    service = await start();
    for (const frame of ['json', '', 'binary, text']) {
      const answer = await post('binary', { 'x-sluice-frame': frame });
      expect(answer).toEqual({
        status: 400,
        body: '{"message":"Invalid x-sluice-frame: binary or text"}',
        binary: 'not sent',
      });
    }
  });

  it('[CN-74] means nothing on any other API', async () => {
    service = await start();
    for (const frame of ['binary', 'json']) {
      expect(await post('chat', { 'x-sluice-frame': frame })).toEqual({ status: 200, body: '', binary: undefined });
    }
  });
});
