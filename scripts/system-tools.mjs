// Programs that the tests need and npm does not have: taken from the system's package manager where that is allowed.
import { spawnSync } from 'node:child_process';
import { giveUp, say } from './set-up.mjs';

const tools = [
  {
    name: 'Redis',
    programs: ['redis-server', 'valkey-server'],
    packages: { 'apt-get': 'redis-server', dnf: 'redis', apk: 'redis', brew: 'redis' },
  },
  {
    name: 'Chromium',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    packages: { 'apt-get': 'chromium', dnf: 'chromium', apk: 'chromium', brew: '--cask chromium' },
  },
  {
    name: 'Python with venv',
    programs: ['python3'],
    // Debian has the interpreter without the part that makes environments.
    probe: ['-c', 'import ensurepip, venv'],
    packages: { 'apt-get': 'python3 python3-venv', dnf: 'python3', apk: 'python3', brew: 'python3' },
  },
  {
    name: 'GnuPG',
    programs: ['gpg'],
    packages: { 'apt-get': 'gnupg', dnf: 'gnupg2', apk: 'gnupg', brew: 'gnupg' },
  },
  {
    name: 'Prometheus',
    programs: ['promtool'],
    packages: { 'apt-get': 'prometheus', dnf: 'golang-github-prometheus', apk: 'prometheus', brew: 'prometheus' },
  },
];

const managers = [
  {
    name: 'apt-get',
    refresh: ['update', '-q'],
    install: ['install', '-y', '-q', '--no-install-recommends'],
    needsRoot: true,
  },
  { name: 'dnf', install: ['install', '-y'], needsRoot: true },
  { name: 'apk', install: ['add'], needsRoot: true },
  { name: 'brew', install: ['install'], needsRoot: false },
];

/**
 * Makes sure that the named programs are there, all of them for the tests; gives up with the line to type where it may not
 * install them.
 */
export function requireSystemTools(named = tools.map(({ name }) => name), command = 'npm test') {
  const missing = tools.filter(({ name, programs, probe }) => {
    return named.includes(name) && !programs.some((program) => works(program, probe));
  });
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' and ');
  const manager = managers.find(({ name }) => works(name));
  if (manager === undefined) {
    giveUp(
      `${command} needs ${names}, and no package manager is known here (apt-get, dnf, apk, brew). Install them and run it again.`,
    );
  }
  const wanted = missing.flatMap(({ packages }) => packages[manager.name].split(' '));
  const install = [...manager.install, ...wanted];
  const prefix = manager.needsRoot && process.getuid?.() !== 0 ? ['sudo', '-n'] : [];
  const line = [...(prefix.length > 0 ? ['sudo'] : []), manager.name, ...install].join(' ');
  if (prefix.length > 0 && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    giveUp(`${command} needs ${names}. Install it with:\n\n  ${line}\n\nand run it again.`);
  }
  say(`Installing ${names}, once: ${line}`);
  if (manager.refresh !== undefined) execute([...prefix, manager.name, ...manager.refresh]);
  if (execute([...prefix, manager.name, ...install]) !== 0)
    giveUp(`That failed. ${command} needs ${names}; install it and run it again.`);
}

function works(program, probe = ['--version']) {
  return spawnSync(program, probe, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

function execute([command, ...args]) {
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    .status;
}
