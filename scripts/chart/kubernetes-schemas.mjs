// JSON Schemas for kubeconform, made once into the user's cache out of what comes as Go modules: the OpenAPI description of a
// Kubernetes version, and the CRDs of the Gateway API, the Prometheus operator and KEDA. Nothing is fetched from elsewhere.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { toolsDirectory } from '../go-tools.mjs';
import { crdSchemas, kubernetesSchemas } from './strict-schemas.mjs';

/** The oldest Kubernetes that the chart takes, and the newest that there is. */
export const kubernetesVersions = ['1.30.14', '1.37.2'];

/** Part of the folder's name: to be raised with a change of what is written. */
const edition = 1;

const crdSources = [
  { module: 'sigs.k8s.io/gateway-api@v1.3.0', folder: 'config/crd/standard' },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.80.1',
    folder: 'example/prometheus-operator-crd',
  },
  { module: 'github.com/kedacore/keda/v2@v2.17.0', folder: 'config/crd/bases' },
];

/** The folder with the schemas of a version, `<kind>-<group>-<version>.json`; made where it is not there yet. */
export function requireSchemas(version) {
  const folder = join(toolsDirectory, `kubernetes-schemas-${version}-${edition}`);
  if (existsSync(folder)) return folder;
  const openApi = join(moduleFolder(`k8s.io/kubernetes@v${version}`), 'api/openapi-spec/swagger.json');
  const files = new Map([
    ...kubernetesSchemas(JSON.parse(readFileSync(openApi, 'utf8'))),
    ...customResourceDefinitions().flatMap((crd) => crdSchemas(crd)),
  ]);
  // Beside it and renamed: a run that is broken off leaves nothing that looks complete, and two runs do not meet.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  for (const [name, schema] of files) writeFileSync(join(unfinished, name), JSON.stringify(schema));
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The CRDs of the Gateway API, the Prometheus operator and KEDA. */
export function customResourceDefinitions() {
  return crdSources.flatMap(crdDocuments);
}

function crdDocuments({ module, folder }) {
  const path = join(moduleFolder(module), folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(path, name), 'utf8')))
    .map((document) => document.toJS())
    .filter((each) => each?.kind === 'CustomResourceDefinition');
}

/** Where the Go module cache has a module; it is downloaded where it has not. */
function moduleFolder(module) {
  // Outside of any module, so that no go.mod has a say in what is downloaded.
  const { status, stdout, error } = spawnSync('go', ['mod', 'download', '-json', module], {
    cwd: tmpdir(),
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status === 0) return JSON.parse(stdout).Dir;
  const reason = error?.message ?? (stdout.trim() || 'no answer');
  throw new Error(
    `go mod download ${module} failed (${reason}). The schemas of Kubernetes come from it: is Go installed and its module proxy reachable?`,
  );
}
