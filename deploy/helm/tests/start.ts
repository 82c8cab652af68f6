// What a process makes of its pod: file and variables of a rendered Deployment, read by the code that reads them at start.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Command, loadSettings, type Settings } from '@sluice/config';
import { expressionCheckers } from '@sluice/standalone';
import { makeCertificates } from '@sluice/testkit';
import { find } from './chart.js';
import { containerOf, decoded, deploymentOf, type KubernetesObject } from './objects.js';

const certificates = makeCertificates();
const pem = (path: string) => readFileSync(path, 'utf8');

/** What Secrets of the user would hold, by their keys in the ci files. */
const contents: Record<string, string> = {
  'auth-keys.yaml': '[{ accessKeyId: mounted, secretAccessKey: secret, allow: ["*"] }]',
  'api-keys.yaml': 'first: { value: key-of-a-client-0123456789 }',
  'aws-credentials.yaml': '{ accessKeyId: AKIDEXAMPLE, secretAccessKey: secret }',
  'ca.crt': pem(certificates.caFile),
  'tls.crt': pem(certificates.client.certFile),
  'tls.key': pem(certificates.client.keyFile),
};
certificates.remove();
const variables: Record<string, string> = {
  SLUICE_REDIS_URL: 'redis://from-a-secret.example:6379',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=token',
};

/** Settings of the process, or an error with everything that is wrong. */
export function startedWith(objects: KubernetesObject[], deployment: KubernetesObject): Settings {
  const root = mkdtempSync(join(tmpdir(), 'sluice-chart-'));
  try {
    mountSecrets(root, objects, deployment);
    const container = containerOf(deployment);
    const env = container.env.map(({ name, value, valueFrom }) => {
      const chosen = value ?? ownSecret(objects, valueFrom?.secretKeyRef) ?? variables[name] ?? 'from-a-secret';
      return [name, chosen.replaceAll('/etc/', `${root}/etc/`)];
    });
    const command = container.args[0] as Command;
    const openFilesMax = 1_000_000;
    return loadSettings({ command, env: Object.fromEntries(env), checkers: expressionCheckers, openFilesMax });
  } finally {
    rmSync(root, { recursive: true });
  }
}

function ownSecret(objects: KubernetesObject[], reference: { name: string; key: string } | undefined) {
  const rendered = objects.some(({ kind, metadata }) => kind === 'Secret' && metadata.name === reference?.name);
  if (reference === undefined || !rendered) return undefined;
  return decoded(find(objects, 'Secret', reference.name), reference.key);
}

/** Puts every file where the pod has it, below `root`, and says so in the files that name one. */
function mountSecrets(root: string, objects: KubernetesObject[], deployment: KubernetesObject): void {
  const { volumes } = deploymentOf(deployment).template.spec;
  for (const { name, mountPath } of containerOf(deployment).volumeMounts) {
    const secret = volumes.find((each) => each.name === name)?.secret as MountedSecret | undefined;
    for (const { key, path } of secret?.items ?? []) {
      const file = join(root, mountPath, path);
      mkdirSync(dirname(file), { recursive: true });
      const reference = { name: secret?.secretName ?? '', key };
      const text = ownSecret(objects, reference) ?? contents[key];
      if (text === undefined) throw new Error(`nobody says what ${key} of the Secret ${reference.name} holds`);
      writeFileSync(file, text.replaceAll('/etc/sluice-secrets/', `${root}/etc/sluice-secrets/`));
    }
  }
}

interface MountedSecret {
  secretName: string;
  items: { key: string; path: string }[];
}
