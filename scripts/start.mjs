// `npm start`: the chat example on this machine, with what it needs: dependencies, build, back end, gateway.
// Everything after `npm start --` goes to the gateway, for example `npm start -- --port 9090`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewayPort, root, say, setUp } from './set-up.mjs';

const gatewayArguments = process.argv.slice(2);
const chat = join(root, 'examples', 'chat');
const hasOwnConfig = gatewayArguments.some((each) => /^--config(?:=|$)/.test(each));
// Where examples/chat/sluice.yaml looks for it.
const usualPort = '9000';
const backEndPort = process.env['CHAT_BACK_END_PORT'] || usualPort;

setUp();
say('Starting the chat back end and the gateway (Ctrl-C ends both)');
if (!hasOwnConfig && process.stdout.isTTY !== true) sayWhatNext();

// A group of its own, so that Ctrl-C reaches only the gateway: the back end still has to hear the last $disconnects. The
// channel tells it when this process has gone, however that happened.
const backEnd = spawn(process.execPath, [join(chat, 'server.mjs')], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: true,
  env: { ...process.env, PORT: backEndPort, CALLBACK_URL: `http://127.0.0.1:${gatewayPort(gatewayArguments)}/dev` },
});
let gateway;

backEnd.once('message', startGateway);
backEnd.once('exit', (code) => {
  if (gateway === undefined) process.exit(code || 1);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal));

function startGateway() {
  const command = join(root, 'packages', 'cli', 'bin', 'sluice.js');
  // As its first line asks for them.
  const nodeFlags = readFileSync(command, 'utf8')
    .split('\n', 1)[0]
    .split(' ')
    .filter((word) => word.startsWith('--'));
  const config = hasOwnConfig ? [] : ['--config', chatConfig()];
  gateway = spawn(process.execPath, [...nodeFlags, command, 'start', ...config, ...gatewayArguments], {
    stdio: 'inherit',
  });
  gateway.once('exit', (code, signal) => {
    backEnd.kill('SIGTERM');
    process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1));
  });
}

// Port 9000 is a popular one: with another the gateway reads a copy of the file that names it.
function chatConfig() {
  const file = join(chat, 'sluice.yaml');
  if (backEndPort === usualPort) return file;
  const directory = mkdtempSync(join(tmpdir(), 'sluice-chat-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const copy = readFileSync(file, 'utf8')
    .replace(`127.0.0.1:${usualPort}`, `127.0.0.1:${backEndPort}`)
    .replace('page: index.html', `page: ${JSON.stringify(join(chat, 'index.html'))}`);
  writeFileSync(join(directory, 'sluice.yaml'), copy);
  return join(directory, 'sluice.yaml');
}

// On a terminal the gateway says it once it is up; elsewhere it writes JSON only, and a person may still be reading.
function sayWhatNext() {
  const port = gatewayPort(gatewayArguments);
  if (port === '0') return;
  console.log(
    `  Once it is ready: open http://localhost:${port}/ in two tabs, or npx wscat -c ws://127.0.0.1:${port}/dev`,
  );
}

// A terminal sends SIGINT to the gateway too; to forward it would count as the second one, which hurries.
function stop(signal) {
  if (gateway === undefined) {
    backEnd.kill('SIGTERM');
    process.exit(0);
  }
  if (signal === 'SIGTERM' || process.stdin.isTTY !== true) gateway.kill(signal);
}
