import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
// @ts-expect-error: a script of plain JavaScript.
import { kubernetesVersions, requireSchemas } from '../scripts/chart/kubernetes-schemas.mjs';

type Json = { [name: string]: unknown };

const folder = new URL('k8s/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const versions = kubernetesVersions as string[];
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-schemas-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function validate(manifest: string, schemas: string) {
  const location = `${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`;
  const { status, stdout, stderr } = spawnSync(
    'kubeconform',
    ['-strict', '-verbose', '-schema-location', location, '-'],
    {
      input: manifest,
      encoding: 'utf8',
    },
  );
  return { status, text: `${stdout}${stderr}` };
}

/**
 * The fields of a TestRun that we use. The operator's CRD does not come as a Go module; what its fields hold are Kubernetes' own
 * types, and those are checked by Kubernetes' own schemas.
 */
function testRunSchema(version: string): Json {
  const pod = JSON.parse(readFileSync(join(requireSchemas(version) as string, 'pod-v1.json'), 'utf8')) as {
    definitions: Json;
  };
  const core = (kind: string) => ({ $ref: `#/definitions/io.k8s.api.core.v1.${kind}` });
  const object = (properties: Json, required: string[] = []) => ({
    type: 'object',
    additionalProperties: false,
    properties,
    required,
  });
  const podSettings = {
    image: { type: 'string' },
    imagePullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
    affinity: core('Affinity'),
    env: { type: 'array', items: core('EnvVar') },
    metadata: object({ labels: { type: 'object' }, annotations: { type: 'object' } }),
    resources: core('ResourceRequirements'),
    securityContext: core('PodSecurityContext'),
    containerSecurityContext: core('SecurityContext'),
  };
  const spec = object(
    {
      parallelism: { type: 'integer', minimum: 1 },
      arguments: { type: 'string' },
      script: object({ configMap: object({ name: { type: 'string' }, file: { type: 'string' } }, ['name', 'file']) }, [
        'configMap',
      ]),
      runner: object(podSettings),
      initializer: object(podSettings),
      starter: object(podSettings),
    },
    ['parallelism', 'script'],
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...object(
      { apiVersion: { enum: ['k6.io/v1alpha1'] }, kind: { enum: ['TestRun'] }, metadata: { type: 'object' }, spec },
      ['spec'],
    ),
    definitions: pod.definitions,
  };
}

describe.each(versions)('Kubernetes %s', (version) => {
  it.each(['back-end.yaml', 'job.yaml'])('%s is valid', (name) => {
    const { status, text } = validate(read(name), requireSchemas(version) as string);
    expect(text).not.toMatch(/skipped|could not find schema/);
    expect(status, text).toBe(0);
  });

  it('test-run.yaml is valid, and one with a misspelt field is not', () => {
    writeFileSync(join(directory, 'testrun-k6-v1alpha1.json'), JSON.stringify(testRunSchema(version)));
    expect(validate(read('test-run.yaml'), directory)).toEqual({
      status: 0,
      text: expect.stringContaining('is valid'),
    });
    const misspelt = read('test-run.yaml').replace('topologyKey:', 'topologyKeys:');
    const { status, text } = validate(misspelt, directory);
    expect(status).toBe(1);
    expect(text).toContain('topologyKeys');
  });
});

it('every pod meets the restricted standard', () => {
  const documents = ['back-end.yaml', 'job.yaml'].flatMap((name) =>
    parseAllDocuments(read(name)).map((each) => each.toJS() as Json),
  );
  const pods = documents.flatMap(({ spec }) => {
    const template = (spec as { template?: { spec: Json } }).template;
    return template === undefined ? [] : [template.spec];
  });
  expect(pods).toHaveLength(2);
  for (const pod of pods) {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of pod['containers'] as Json[]) {
      expect(container['securityContext']).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  }
});
