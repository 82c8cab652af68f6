// Runs Helm and kubeconform on the chart, as people and CI do.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
// @ts-expect-error plain JavaScript, like all scripts
import { kubernetesVersions, requireSchemas } from '../../../scripts/chart/kubernetes-schemas.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { requireGoTools } from '../../../scripts/go-tools.mjs';
import type { KubernetesObject, PodSpec } from './objects.js';

export const chartFolder = fileURLToPath(new URL('../sluice', import.meta.url));
export const versions: string[] = kubernetesVersions;
const newest = versions.at(-1) as string;

/** `ci/*-values.yaml` by their names. */
export const ciFiles = readdirSync(`${chartFolder}/ci`).map((name) => name.replace(/-values\.yaml$/, ''));

requireGoTools(['helm', 'kubeconform']);

export interface Result {
  status: number | null;
  output: string;
  error: string;
}

export function execute(program: string, args: string[], input?: string): Result {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    input,
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { status, output: stdout, error: stderr };
}

export interface RenderOptions {
  /** Name of a file in `ci/`. */
  ci?: string;
  /** Values on top, as in a file. */
  values?: object;
  kubernetes?: string;
  release?: string;
  namespace?: string;
  chart?: string;
}

/** `helm template` as it is, for what goes wrong. */
export function template({ ci, values, ...options }: RenderOptions): Result {
  const { kubernetes = newest, release = 'sluice', namespace = 'gateways', chart = chartFolder } = options;
  const args = ['template', release, chart, '--namespace', namespace, '--kube-version', kubernetes];
  if (ci !== undefined) args.push('--values', `${chart}/ci/${ci}-values.yaml`);
  if (values !== undefined) args.push('--values', '-');
  return execute('helm', args, values === undefined ? undefined : JSON.stringify(values));
}

const rendered = new Map<string, KubernetesObject[]>();

/** The objects of a render, which has to succeed. */
export function render(options: RenderOptions): KubernetesObject[] {
  const key = JSON.stringify(options);
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const { status, output, error } = template(options);
  if (status !== 0) throw new Error(`helm template failed:\n${error}`);
  const objects = parseAllDocuments(output)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
  rendered.set(key, objects);
  return objects;
}

/** The one object of that kind and name. */
export function find(objects: KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) {
    const there = objects.map((object) => `${object.kind} ${object.metadata.name}`).join(', ');
    throw new Error(`${found.length} objects are ${kind} ${name}, among ${there}`);
  }
  return found[0] as KubernetesObject;
}

/** Every pod that objects make, hooks included. */
export function podsOf(objects: KubernetesObject[]): { name: string; spec: PodSpec }[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const name = `${kind} ${metadata.name}`;
    if (kind === 'Pod') return [{ name, spec: spec as unknown as PodSpec }];
    const inside = (spec as { template?: { spec: PodSpec } } | undefined)?.template?.spec;
    return inside === undefined ? [] : [{ name, spec: inside }];
  });
}

/** Validates manifests against the schemas of a Kubernetes version, without a network. */
export function validate(manifests: string, version: string): Result {
  const location = `${requireSchemas(version)}/{{.ResourceKind}}{{.KindSuffix}}.json`;
  return execute(
    'kubeconform',
    ['-strict', '-summary', '-output', 'json', '-schema-location', location, '-'],
    manifests,
  );
}
