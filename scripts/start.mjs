// `npm start`: the chat example on this machine, with what it needs: dependencies, build, back end, gateway.
// Everything after `npm start --` goes to the gateway, for example `npm start -- --port 9090`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, say, setUp } from './set-up.mjs';

const gatewayArguments = process.argv.slice(2);
// Where examples/chat/sluice.yaml looks for it.
const backEndPort = process.env['CHAT_BACK_END_PORT'] || '9000';

setUp();
say('Starting the chat back end and the gateway (Ctrl-C ends both)');

// A group of its own, so that Ctrl-C reaches only the gateway: the back end still has to hear the last $disconnects. The
// channel tells it when this process has gone, however that happened.
const backEnd = spawn(process.execPath, [join(root, 'examples', 'chat', 'server.mjs')], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: true,
  env: { ...process.env, PORT: backEndPort, CALLBACK_URL: `http://127.0.0.1:${gatewayPort()}/dev` },
});
let gateway;

backEnd.once('message', startGateway);
backEnd.once('exit', (code) => {
  if (gateway === undefined) process.exit(code || 1);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal));

function startGateway() {
  const command = join(root, 'packages', 'cli', 'bin', 'sluice.js');
  const config = gatewayArguments.includes('--config')
    ? []
    : ['--config', join(root, 'examples', 'chat', 'sluice.yaml')];
  gateway = spawn(process.execPath, [command, 'start', ...config, ...gatewayArguments], { stdio: 'inherit' });
  gateway.once('exit', (code, signal) => {
    backEnd.kill('SIGTERM');
    process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1));
  });
}

// A terminal sends SIGINT to the gateway too; to forward it would count as the second one, which hurries.
function stop(signal) {
  if (gateway === undefined) {
    backEnd.kill('SIGTERM');
    process.exit(0);
  }
  if (signal === 'SIGTERM' || process.stdin.isTTY !== true) gateway.kill(signal);
}

function gatewayPort() {
  const at = gatewayArguments.indexOf('--port');
  const joined = gatewayArguments.find((each) => each.startsWith('--port='))?.slice('--port='.length);
  return joined ?? (at >= 0 ? gatewayArguments[at + 1] : process.env['SLUICE_PORT'] || '8080');
}
