// `node bill-of-materials.mjs APP`: writes what the image consists of, APP/sbom.json (CycloneDX: npm packages, Node, Debian
// packages), and under which licences, APP/THIRD-PARTY-LICENSES.txt with the text that each package carries.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const app = resolve(process.argv[2] ?? '/app');
const legal = /^(?:licen[cs]e|notice|copying)/i;

const bill = JSON.parse(run('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application']));
// By the folder, npm would call it `app`.
bill.metadata.component.name = 'sluice';
bill.components.push(nodeComponent(), ...debianComponents());
writeFileSync(join(app, 'sbom.json'), `${JSON.stringify(bill, undefined, 1)}\n`);
writeFileSync(join(app, 'THIRD-PARTY-LICENSES.txt'), licenceText(installedPackages(join(app, 'node_modules'))));
console.log(`sbom.json lists ${bill.components.length} components`);

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: app,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
  return stdout;
}

function nodeComponent() {
  const version = process.versions.node;
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
    // OpenSSL, V8, libuv and others are linked into it.
    properties: Object.entries(process.versions).map(([name, value]) => ({ name: `sluice:node:${name}`, value })),
  };
}

// The last stage of the Dockerfile starts from the same base image as this one and installs nothing.
function debianComponents() {
  const release = readFileSync('/etc/os-release', 'utf8');
  const distribution = /^ID=(.*)$/m.exec(release)?.[1] ?? 'linux';
  const listed = run('dpkg-query', ['-W', '-f', '${Package}\\t${Version}\\t${Architecture}\\n']);
  return listed
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', version = '', architecture = ''] = line.split('\t');
      const purl = `pkg:deb/${distribution}/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
      return { 'bom-ref': purl, type: 'library', name, version, purl };
    });
}

/** Every installed package, nested ones as well: folders of node_modules whose manifest has a name and a version. */
function installedPackages(modules) {
  return readdirSync(modules, { recursive: true })
    .map(String)
    .filter((path) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => join(modules, path, '..'))
    .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
    .filter(({ name, version }) => typeof name === 'string' && typeof version === 'string')
    .sort((a, b) => a.folder.localeCompare(b.folder));
}

function licenceText(packages) {
  const parts = packages.map(({ folder, name, version, license, author }) => {
    const texts = readdirSync(folder)
      .filter((file) => legal.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim());
    const by = typeof author === 'string' ? author : author?.name;
    const none = `(the package carries no text of its own${by === undefined ? '' : `; by ${by}`})`;
    const heading = `${name} ${version}, ${license ?? 'no licence named'} (${relative(app, folder)})`;
    return `${heading}\n${'-'.repeat(heading.length)}\n\n${texts.join('\n\n') || none}\n`;
  });
  const head =
    'Sluice is under the Apache License 2.0 (LICENSE). It contains the packages below, each under its own licence. ' +
    'Node.js and the Debian packages of the base image carry theirs in /usr/local and /usr/share/doc.\n';
  return [head, ...parts].join('\n');
}
