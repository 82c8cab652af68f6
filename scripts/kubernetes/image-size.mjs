// `npm run image:size -- IMAGE`: where the megabytes of an image go, by layer and by what they are for. Takes the name of an image
// that docker, podman or buildah has, or an archive that one of them has saved.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveUp } from '../set-up.mjs';

const savers = [
  ['docker', (image, file) => ['save', '--output', file, image]],
  ['podman', (image, file) => ['save', '--output', file, image]],
  ['buildah', (image, file) => ['push', image, `docker-archive:${file}`]],
  ['buildah', (image, file) => ['--storage-driver', 'vfs', 'push', image, `docker-archive:${file}`]],
];

const groups = [
  ['Node itself', /^usr\/local\/(?:bin\/node|include)/],
  ['npm and other package managers of the base', /^(?:usr\/local\/lib\/node_modules|opt\/yarn)/],
  ['uWebSockets.js', /^app\/node_modules\/uWebSockets\.js\//],
  ['OpenTelemetry', /^app\/node_modules\/@opentelemetry\//],
  ['other packages', /^app\/node_modules\//],
  ['Sluice', /^app\/(?:packages|services)\//],
  ['bill of materials and licences', /^app\//],
  ['Debian: C library and compiler run-time', /^(?:usr\/)?lib\/[^/]+-linux-gnu\//],
  ['Debian: locales, zones, documents', /^usr\/share\//],
  ['Debian: the rest', /./],
];

const [named] = process.argv.slice(2);
if (named === undefined) giveUp('Usage: npm run image:size -- IMAGE (a name, or an archive of docker save)');
const folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const archive = existsSync(named) ? named : saved(named);
const [manifest] = JSON.parse(tar('-xOf', archive, 'manifest.json'));
const config = JSON.parse(tar('-xOf', archive, manifest.Config));
const layers = manifest.Layers.map((layer) => filesOf(layer));
print();

function saved(image) {
  const file = join(folder, 'image.tar');
  for (const [program, args] of savers) {
    rmSync(file, { force: true });
    if (spawnSync(program, args(image, file), { stdio: 'ignore' }).status === 0) return file;
  }
  return giveUp(`Neither docker nor podman nor buildah has an image ${image}.`);
}

function tar(...args) {
  const { status, stdout, stderr } = spawnSync('tar', args, { encoding: 'utf8', maxBuffer: 1024 * 2 ** 20 });
  if (status !== 0) giveUp(`tar ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

/** Path and size of each file of a layer; a layer is a tar, mostly compressed, within the archive. */
function filesOf(layer) {
  tar('-xf', archive, '-C', folder, layer);
  const listed = tar('-tvf', join(folder, layer), '--numeric-owner');
  return listed.split('\n').flatMap((line) => {
    const match = /^-\S+\s+\S+\s+(\d+)\s+\S+\s+\S+\s+(.*)$/.exec(line);
    return match === null
      ? []
      : [{ bytes: Number(match[1]), path: match[2].replace(/^\.?\//, '').replace(/ link to .*$/, '') }];
  });
}

function print() {
  const size = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);
  const line = (name, bytes) => console.log(`${name.padEnd(46)}${(bytes / 2 ** 20).toFixed(1).padStart(8)} MiB`);
  const all = layers.flat();
  console.log(`${named}: ${config.os}/${config.architecture}, user ${config.config.User}\n`);
  for (const [at, files] of layers.entries())
    line(`layer ${at + 1} of ${layers.length}, ${files.length} files`, size(files));
  console.log('');
  const groupOf = (path) => groups.find(([, pattern]) => pattern.test(path))[0];
  for (const [name] of groups) line(name, size(all.filter(({ path }) => groupOf(path) === name)));
  line('all', size(all));
}
