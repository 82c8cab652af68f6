import { resolve } from 'node:path';
import { configurationFor } from '@sluice/loadtest';
import { type KubernetesObject, type Namespace, nodeAddress } from './cluster.js';
import { backEndHost } from './load-back-end.js';

export const chart = resolve(import.meta.dirname, '..', 'helm', 'sluice');
export const release = 'sluice';
/** A label of the pods under test alone: a drain of the node looks into all namespaces, where others may have a release `sluice`. */
export const drainedLabel = 'sluice-test-drained';
export const components = ['edge', 'router', 'callback'] as const;

interface GatewayConfig {
  apis: Record<string, { stages: Record<string, { stageVariables?: Record<string, string> } | null> }>;
  [key: string]: unknown;
}

/** The API of the load tests with the back end where it is here. */
export function gatewayConfig(): GatewayConfig {
  return configurationFor(backEndHost) as GatewayConfig;
}

/** `registry/repository:tag` as the chart's values want it. */
export function imageValues(image: string): Record<string, string> {
  const match = /^(?:([^/]+[.:][^/]*|localhost)\/)?(.+?)(?::([^:/]+))?$/.exec(image);
  if (match === null) throw new Error(`${image} is no name of an image`);
  const [, registry = '', repository = '', tag = 'latest'] = match;
  return { registry, repository, tag, pullPolicy: 'IfNotPresent' };
}

/** A drain that a test has time for, many times. */
export const shortDrain = { holdSeconds: 2, windowSeconds: 10, settleSeconds: 5 };

/** Values of the release under test: the chart's defaults but for the requests, small enough for one node, and the drain. */
export function releaseValues(image: string, config: object = gatewayConfig()): Record<string, unknown> {
  const resources = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '384Mi' } };
  const service = { type: 'NodePort' };
  return {
    image: imageValues(image),
    redis: { url: 'redis://redis:6379' },
    config,
    // As many as the fewest open files of a container allow that are usual.
    edge: { resources, service, drain: shortDrain, maxConnections: 10_000 },
    router: { resources },
    callback: { resources, service, podLabels: { [drainedLabel]: 'callback' } },
  };
}

export async function install(namespace: Namespace, values: object, name = release): Promise<void> {
  await namespace.helmWithValues(values, 'upgrade', '--install', name, chart, '--wait', '--timeout', '180s');
}

export interface Addresses {
  /** Origin of the edge's Service, as k6 takes it. */
  edge: string;
  /** Where a client connects. */
  client: string;
  callback: string;
  /** Where a back end posts to. */
  management: string;
  backEnd: string;
}

/** Where the release and the back end answer from this machine. */
export async function releaseAddresses(namespace: Namespace): Promise<Addresses> {
  const node = await nodeAddress();
  const [edge, callback, backEnd] = await Promise.all(
    [`${release}-edge`, `${release}-callback`, 'back-end'].map((service) => nodePort(namespace, service)),
  );
  return {
    edge: `ws://${node}:${edge}`,
    client: `ws://${node}:${edge}/load/load`,
    callback: `http://${node}:${callback}`,
    management: `http://${node}:${callback}/load/load`,
    backEnd: `http://${node}:${backEnd}`,
  };
}

async function nodePort(namespace: Namespace, service: string): Promise<number> {
  const { spec } = await namespace.get<KubernetesObject & { spec: { ports: { nodePort?: number }[] } }>(
    'service',
    service,
  );
  const found = spec.ports[0]?.nodePort;
  if (found === undefined) throw new Error(`Service ${service} has no NodePort`);
  return found;
}
