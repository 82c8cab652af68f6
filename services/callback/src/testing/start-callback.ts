import { type ApiDefinition, defaultApiLimits } from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { createTelemetry, type Telemetry } from '@sluice/telemetry';
import { type CallbackParts, type CallbackSettings, createCallback } from '../index.js';
import { BusDouble, EdgeDouble, NodesDouble } from './edge-double.js';

export const edgeSlot = 7;

export function apiDefinition(apiId: string, ...stages: string[]): ApiDefinition {
  return {
    apiId,
    name: apiId,
    routeSelectionExpression: '$request.body.action',
    isDefault: false,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: {},
    integrations: {},
    stages: Object.fromEntries(stages.map((stageName) => [stageName, { stageName, stageVariables: {} }])),
  };
}

/** A callback service on a free port, with one live edge beside it, over inboxes that a test can disturb. */
export async function startCallback(
  given: Partial<CallbackSettings> = {},
  apis?: ApiDefinition[],
  more: Partial<CallbackParts> = {},
) {
  const bus = new BusDouble();
  const edge = new EdgeDouble(bus, edgeSlot);
  await edge.open();
  const nodes = new NodesDouble();
  nodes.states.set(edgeSlot, 'live');
  const service = await startCallbackOn({ bus: bus.bus, connections: nodes, ...more }, given, apis);
  return { ...service, bus, edge, nodes };
}

/** A callback service on a free port, over this bus. */
export async function startCallbackOn(
  over: Pick<CallbackParts, 'bus' | 'connections'> & Partial<CallbackParts>,
  given: Partial<CallbackSettings> = {},
  apis = [apiDefinition('chat', 'dev', 'prod')],
  tracing?: Telemetry['tracing'],
) {
  const silent = over.telemetry ?? createTelemetry({ role: 'callback', logLevel: 'silent' });
  const telemetry: Telemetry = tracing === undefined ? silent : { ...silent, tracing };
  const callback = createCallback({
    ...over,
    definitions: createMemoryDefinitionStore(apis),
    telemetry,
    settings: {
      host: '127.0.0.1',
      port: 0,
      auth: { mode: 'none' },
      region: 'us-east-1',
      accountId: '000000000000',
      ...given,
    },
  });
  const { port = 0 } = await callback.start();
  return { telemetry, callback, port, base: `http://127.0.0.1:${port}` };
}

export type StartedCallback = Awaited<ReturnType<typeof startCallback>>;
