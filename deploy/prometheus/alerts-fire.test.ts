import { setTimeout as sleep } from 'node:timers/promises';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { limits, newConnectionId } from '@sluice/contracts';
import { refusedHandshake, testKey, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AlertedCluster } from './alerts-fire.fixture.js';
// @ts-expect-error plain JavaScript, like all scripts
import { renderRules } from './render-rules.mjs';

let alerted: AlertedCluster;
/** What the back end does with `$connect` and with messages at the moment. */
let onConnect: () => Promise<object> = async () => ({});
let onMessage: () => Promise<object> = async () => ({ body: 'ok' });
const streamKey = '{sluice:frames:0}';
const urlOf = () => `ws://127.0.0.1:${alerted.the('edge').port}/chat/dev`;

beforeAll(async () => {
  alerted = await AlertedCluster.start();
  alerted.backEnd.answer(async ({ eventType }) => (eventType === 'CONNECT' ? onConnect() : onMessage()));
  await alerted.talk();
  await sleep(5_000);
}, 120_000);

afterAll(async () => {
  if (alerted === undefined) return;
  console.log(`\n${alerted.table()}\n`);
  await alerted.stop();
}, 60_000);

const post = () =>
  new ApiGatewayManagementApiClient({
    endpoint: `http://127.0.0.1:${alerted.the('callback').port}/chat/dev`,
    region: 'us-east-1',
    credentials: { ...testKey },
    maxAttempts: 1,
  })
    .send(new PostToConnectionCommand({ ConnectionId: newConnectionId(0), Data: 'x' }))
    .catch(() => {});

/** Does it again each `everyMs` until the returned function is called. */
function again(everyMs: number, work: () => Promise<unknown>): () => Promise<void> {
  let over = false;
  const loop = (async () => {
    while (!over) {
      await work().catch(() => {});
      await sleep(everyMs);
    }
  })();
  return () => {
    over = true;
    return loop;
  };
}

it('nothing fires in good weather', async () => {
  for (const { alert } of allAlerts()) expect(await alerted.isFiring(alert), alert).toBe(false);
});

it('[O1] ErrorBudgetBurn and -Slow: the back end of $connect fails', async () => {
  await alerted.fires(
    'ErrorBudgetBurn',
    'the back end of $connect answers 500',
    async () => {
      onConnect = async () => ({ status: 500 });
      const end = again(300, () => refusedHandshake(urlOf()));
      return async () => {
        onConnect = async () => ({});
        await end();
      };
    },
    'handshakes',
  );
  await alerted.also('ErrorBudgetBurnSlow', 'the same, in the long windows', 'handshakes');
}, 180_000);

it('[O1] IntegrationErrors: the back end answers 500', async () => {
  await alerted.fires('IntegrationErrors', 'the back end of a route answers 500', async () => {
    onMessage = async () => ({ status: 500 });
    return () => {
      onMessage = async () => ({ body: 'ok' });
    };
  });
}, 120_000);

it('[O1] EventLoopLag and OverheadHigh: a router is starved of CPU', async () => {
  let feed = () => {};
  try {
    await alerted.fires('EventLoopLag', 'a router is frozen for half of the time', async () => {
      feed = alerted.starve(alerted.the('router'));
    });
    await alerted.also('OverheadHigh', 'the same: messages wait for the router');
  } finally {
    feed();
  }
}, 180_000);

it('[O1] StreamStalled, StreamLoss, ErrorBudgetBurn: back ends hang, and somebody deletes entries', async () => {
  let release = () => {};
  const hanging = new Promise<object>((resolve) => {
    release = () => resolve({ body: 'late' });
  });
  try {
    await alerted.fires('StreamStalled', 'the back end hangs, and the router is full', async () => {
      onMessage = () => hanging;
    });
    await alerted.fires('StreamLoss', 'entries that nobody has read are deleted', async () => {
      const ids = alerted.redis('XREVRANGE', streamKey, '+', '-', 'COUNT', '10').match(/^\d+-\d+$/gm) ?? [];
      expect(ids.length).toBe(10);
      alerted.redis('XDEL', streamKey, ...ids);
    });
    await alerted.also('ErrorBudgetBurn', 'the same: accepted messages are gone', 'messages');
  } finally {
    onMessage = async () => ({ body: 'ok' });
    release();
  }
}, 240_000);

it('[O1] DeadLetters and DeadLettersNearCap: entries that nobody can read', async () => {
  await alerted.fires('DeadLetters', 'an entry of the stream is no batch', async () => {
    alerted.redis('XADD', streamKey, '*', 'b', 'this is no batch');
  });
  await alerted.fires('DeadLettersNearCap', 'the dead letters are filled up', async () => {
    const fill = "for i=1,tonumber(ARGV[1]) do redis.call('XADD',KEYS[1],'*','x','y') end";
    alerted.redis('EVAL', fill, '1', `${streamKey}:dead`, `${Math.floor(limits.deadLettersMax * 0.9)}`);
    return () => alerted.redis('DEL', `${streamKey}:dead`);
  });
}, 180_000);

it('[O1] SocketsNearLimit, -Fleet and AbnormalCloses: an edge fills up, and its clients vanish', async () => {
  const crowd: Awaited<ReturnType<AlertedCluster['connect']>>[] = [];
  await alerted.fires('SocketsNearLimit', '46 clients where 50 may be', async () => {
    while (crowd.length < 46) crowd.push(await alerted.connect());
  });
  await alerted.also('SocketsNearLimitFleet', 'the same: there is one edge only');
  await alerted.fires('AbnormalCloses', 'their connections are cut', async () => {
    return again(300, async () => crowd.pop()?.terminate());
  });
  for (const client of crowd) client.terminate();
}, 180_000);

it('[O1] HandshakeThrottled: a storm of clients', async () => {
  await alerted.fires('HandshakeThrottled', 'sixty handshakes a second where twenty may be', async () =>
    again(500, () =>
      Promise.all(
        Array.from({ length: 30 }, () =>
          alerted.connect().then(
            (client) => client.close(),
            () => {},
          ),
        ),
      ),
    ),
  );
}, 120_000);

it('[O1] ConfigStale: a configuration is refused', async () => {
  await alerted.fires('ConfigStale', 'the file is broken', async () =>
    alerted.overwriteConfig(alerted.the('router'), 'apis: { chat: { routes: 7 } }'),
  );
}, 120_000);

it('[O1] FdNearLimit and MemoryNearLimit: a router with little of either', async () => {
  await alerted.fires('FdNearLimit', 'a router may open 500 files, and needs more than 5 % of them', () =>
    alerted.startPoorRouter('ulimit -n 500'),
  );
  await alerted.fires('MemoryNearLimit', 'a router has a heap of 40 MB', () =>
    alerted.startPoorRouter('true', ['--max-old-space-size=40', '--max-semi-space-size=2']),
  );
}, 180_000);

it('[O1] RedisMemory: Redis is nearly full', async () => {
  await alerted.fires('RedisMemory', 'somebody else fills Redis', async () => {
    alerted.redis('SETRANGE', 'of-somebody-else', '57000000', 'x');
    return () => alerted.redis('DEL', 'of-somebody-else');
  });
}, 120_000);

it('[O1] RedisWatchdog, ErrorBudgetBurn: Redis is frozen, then RedisDown and RedisFlapping: it dies', async () => {
  const { redis } = alerted.cluster;
  // Each takes ten seconds to fail; they do not wait for each other.
  const endPosts = again(500, async () => void post());
  await alerted.fires('RedisWatchdog', 'Redis is frozen', async () => {
    redis.pause();
    return () => redis.resume();
  });
  await alerted.fires('RedisDown', 'Redis is killed', async () => {
    await redis.kill();
    return () => redis.restart();
  });
  await alerted.also('ErrorBudgetBurn', 'the same: calls of @connections get 500', 'management');
  await endPosts();
  await alerted.fires('RedisFlapping', 'Redis is killed again and again', async () => {
    for (let n = 0; n < 6; n++) {
      await waitFor(
        'the router to be back',
        async () => (await alerted.the('router').metric('sluice_redis_up')) >= 4,
        30_000,
      );
      await redis.restart();
      await sleep(2_000);
    }
  });
}, 300_000);

it('[O1] DrainStuck and ExporterAbsent: an edge that takes its time, and a callback that is gone', async () => {
  const edge = alerted.the('edge');
  await waitFor('service to resume', () => alerted.connect().catch(() => undefined), 30_000);
  for (let n = 0; n < 5; n++) await alerted.connect();
  await alerted.fires('DrainStuck', 'an edge drains for longer than it may', async () => {
    edge.signal('SIGTERM');
    return () => edge.kill();
  });
  await alerted.fires('ExporterAbsent', 'every callback process is stopped', () => alerted.the('callback').kill());
}, 180_000);

it('[O1] every alert has fired', () => {
  const fired = new Set(alerted.fired.map(({ alert }) => alert.split(' ')[0]));
  expect(
    allAlerts()
      .map(({ alert }) => alert)
      .filter((alert) => !fired.has(alert)),
  ).toEqual([]);
});

function allAlerts(): { alert: string }[] {
  const groups: { rules: { alert?: string }[] }[] = renderRules().groups;
  return groups.flatMap(({ rules }) => rules).filter((rule): rule is { alert: string } => rule.alert !== undefined);
}
