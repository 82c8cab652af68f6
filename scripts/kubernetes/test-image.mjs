// The image that the Kubernetes suite installs: SLUICE_TEST_IMAGE names one that the cluster has; otherwise it is built here and
// handed to a cluster of kind or k3d.
import { spawnSync } from 'node:child_process';
import { giveUp, root, say } from '../set-up.mjs';

const builders = [
  { program: 'docker', build: ['build'] },
  { program: 'podman', build: ['build'] },
  { program: 'buildah', build: ['bud'] },
];
const builtName = 'localhost/sluice:test';

/** Name of an image that the cluster of `context` can start. */
export function prepareImage(context) {
  const ready = process.env.SLUICE_TEST_IMAGE;
  if (ready) return ready;
  const loader = loaderOf(context);
  const builder = builders.find(({ program }) => runs(program, ['--version']));
  if (loader === undefined || builder === undefined) {
    giveUp(
      `The cluster ${context} needs an image: build one (docs/operate/image.md), put it where the cluster finds it, and name it in SLUICE_TEST_IMAGE. ` +
        'With docker, podman or buildah and a cluster of kind or k3d this happens by itself.',
    );
  }
  say(`Building ${builtName} with ${builder.program}`);
  must(builder.program, [...builder.build, '-f', 'deploy/docker/Dockerfile', '-t', builtName, '.']);
  say(`Handing it to ${context}`);
  must(loader[0], loader.slice(1));
  return builtName;
}

function loaderOf(context) {
  const [, kind, name] = /^(kind|k3d)-(.+)$/.exec(context) ?? [];
  if (kind === 'kind') return ['kind', 'load', 'docker-image', builtName, '--name', name];
  if (kind === 'k3d') return ['k3d', 'image', 'import', builtName, '--cluster', name];
  return undefined;
}

function runs(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function must(program, args) {
  if (spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status !== 0) {
    giveUp(`${program} ${args.join(' ')} failed.`);
  }
}
