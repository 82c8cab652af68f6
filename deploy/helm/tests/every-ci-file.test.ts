// Each file of ci/ by the real tools, for the oldest and the newest Kubernetes.
import { describe, expect, it } from 'vitest';
import { chartFolder, ciFiles, execute, render, template, validate, versions } from './chart.js';

interface Summary {
  resources?: { filename: string; kind: string; name: string; msg: string }[];
  summary: { valid: number; invalid: number; errors: number; skipped: number };
}

/** What the operations contract asks to be covered. */
const wanted = ['defaults', 'ha', 'sentinel', 'cluster', 'tls', 'gateway-api', 'ingress', 'keda', 'all-off', 'all-on'];

it('ci/ has a file for each way of installing it', () => {
  expect(ciFiles).toEqual(expect.arrayContaining(wanted));
});

describe.each(ciFiles)('ci/%s-values.yaml', (ci) => {
  it('passes helm lint --strict', () => {
    const values = `${chartFolder}/ci/${ci}-values.yaml`;
    const { status, output } = execute('helm', [
      ...['lint', '--strict', chartFolder, '--values', values],
      ...['--kube-version', versions[0] as string],
    ]);
    expect(output).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(status).toBe(0);
  });

  it.each(versions)('renders for Kubernetes %s what its API server describes, down to every field', (kubernetes) => {
    const { output, error, status } = template({ ci, kubernetes });
    expect(status, error).toBe(0);
    const { resources, summary } = JSON.parse(validate(output, kubernetes).output) as Summary;
    const { valid, ...others } = summary;
    expect([resources ?? [], others]).toEqual([[], { invalid: 0, errors: 0, skipped: 0 }]);
    expect(valid).toBe(render({ ci, kubernetes }).length);
  });

  it('renders twice the same', () => {
    const options = { ci, values: { commonLabels: { twice: 'yes' } } };
    expect(template(options).output).toBe(template(options).output);
  });
});

describe('validation bites', () => {
  const problemsOf = (manifest: object, version = versions[0] as string) => {
    const { resources } = JSON.parse(validate(JSON.stringify(manifest), version).output) as Summary;
    return (resources ?? []).map(({ kind, msg }) => `${kind}: ${msg}`).join('\n');
  };
  const metadata = { name: 'x' };

  it('on a misspelt field, deep in a pod', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [{ name: 'a', imagePulPolicy: 'Always' }] },
    };
    expect(problemsOf(pod)).toContain('imagePulPolicy');
  });

  it('on a value of the wrong type', () => {
    const spec = { replicas: 'two', selector: {}, template: {} };
    expect(problemsOf({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })).toContain('/spec/replicas');
  });

  it('on a field that only a newer Kubernetes has', () => {
    const lifecycle = { stopSignal: 'SIGUSR1' };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'a', lifecycle }] } };
    expect(problemsOf(pod, versions[0])).toContain('stopSignal');
    expect(problemsOf(pod, versions.at(-1))).toBe('');
  });

  it.each([
    ['HTTPRoute', 'gateway.networking.k8s.io/v1', { parentRef: [] }, 'parentRef'],
    ['ServiceMonitor', 'monitoring.coreos.com/v1', { selector: {}, endpoints: [{ intervall: '15s' }] }, 'intervall'],
    [
      'ScaledObject',
      'keda.sh/v1alpha1',
      { scaleTargetRef: { name: 'a' }, triggers: [], maxReplicas: 3 },
      'maxReplicas',
    ],
  ])('on a wrong field of a %s', (kind, apiVersion, spec, field) => {
    expect(problemsOf({ apiVersion, kind, metadata, spec })).toContain(field);
  });
});
