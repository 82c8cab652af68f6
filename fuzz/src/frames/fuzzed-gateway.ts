import { once } from 'node:events';
import {
  type BackEnd,
  connectClient,
  type GatewayProcess,
  startBackEnd,
  startGatewayProcess,
  type WebSocketClient,
  waitFor,
} from '@sluice/testkit';
import { must } from '../target.js';

/** A standalone gateway with a well-behaved client on it, who must not notice what strangers do. */
export interface FuzzedGateway {
  readonly port: number;
  /** The process is there, and the well-behaved client gets its answer. */
  mustServe(): Promise<void>;
  stop(): Promise<void>;
}

const mock = (template: string) => ({
  integrationType: 'MOCK',
  requestTemplates: { $default: '{"statusCode":200}' },
  integrationResponses: { $default: { responseTemplates: { $default: template } } },
});

function configuration(backEndUrl: string): object {
  const api = {
    routeSelectionExpression: '$request.body.action',
    integrations: {
      backend: { integrationType: 'HTTP_PROXY', integrationUri: `${backEndUrl}/` },
      canned: mock('canned'),
      rendered: mock("rendered: $input.json('$') #foreach($each in $input.path('$..*'))$each.value #end"),
    },
    models: { Message: { schema: '{"type":"object","properties":{"value":{"type":["string","object"]}}}' } },
    routes: {
      $default: { integration: 'canned', routeResponse: true },
      echo: { integration: 'backend', routeResponse: true },
      ordered: { integration: 'backend', routeResponse: true, order: 'connection' },
      checked: {
        integration: 'canned',
        routeResponse: true,
        modelSelectionExpression: '\\$default',
        requestModels: { $default: 'Message' },
      },
      rendered: { integration: 'rendered', routeResponse: true },
    },
    stages: { dev: {} },
  };
  return { apis: { text: api, binary: { ...api, binaryFrames: true } } };
}

export async function startFuzzedGateway(): Promise<FuzzedGateway> {
  const backEnd: BackEnd = await startBackEnd((request) => {
    // Nobody looks at them, and there will be millions.
    backEnd.requests.length = 0;
    return { body: request.body === '' ? 'empty' : request.body };
  });
  const gateway = await startGatewayProcess({ role: 'start', config: configuration(backEnd.url) });
  const canary: WebSocketClient = await connectClient(`ws://127.0.0.1:${gateway.port}/text/dev`);
  let ended = '';
  void gateway.exited.then(({ code, signal }) => {
    ended = `it ended with ${code ?? signal}: ${gateway.output().slice(-2_000)}`;
  });
  let turn = 0;
  return {
    port: gateway.port,
    async mustServe() {
      must(ended === '', () => ended);
      turn += 1;
      const message = JSON.stringify({ action: 'echo', turn });
      const answer = await answerTo(canary, message);
      must(answer === message, () => `a well-behaved client got ${answer} for ${message}`);
    },
    async stop() {
      try {
        if (ended === '') await mustBeWell(gateway);
      } finally {
        canary.terminate();
        await gateway.kill();
        await backEnd.stop();
      }
    },
  };
}

/** After all: nobody is left but the well-behaved client, and no error was the gateway's own. */
async function mustBeWell(gateway: GatewayProcess): Promise<void> {
  const sockets = () => gateway.metric('sluice_sockets');
  await waitFor('the others to be gone', async () => (await sockets()) === 1).catch(() => {});
  const left = await sockets();
  must(left === 1, () => `${left} sockets are counted, and there is one`);
  const { body } = await gateway.admin('/metrics');
  const own = body.split('\n').find((line) => line.includes('"internal"') && !line.endsWith(' 0'));
  must(own === undefined, () => `an error of the gateway's own: ${own}`);
  must(!/"level":"(fatal|60)"|[Uu]ncaught/.test(gateway.output()), () => gateway.output().slice(-4_000));
}

async function answerTo(client: WebSocketClient, message: string): Promise<string> {
  const answer = once(client.socket, 'message', { signal: AbortSignal.timeout(5_000) });
  client.send(message);
  const [data] = await answer;
  // What was received is kept otherwise.
  client.messages.length = 0;
  return String(data);
}
