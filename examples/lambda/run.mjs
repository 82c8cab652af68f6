// `node examples/lambda/run.mjs`: functions and gateway on this machine. What follows goes to the gateway, for example `--port 9090`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { gatewayPort, root, say, setUp } from '../../scripts/set-up.mjs';

setUp();
process.env.CALLBACK_SCHEME = 'http';
const { startFunctions } = await import('./functions.mjs');
const server = await startFunctions(Number(process.env.FUNCTIONS_PORT ?? 9001));
const { port } = server.address();
const flags = process.argv.slice(2);
const address = `ws://127.0.0.1:${gatewayPort(flags)}/dev?ticket=gold`;
say(`Functions on ${port}; next: npx wscat -c '${address}' (Ctrl-C ends both)`);

const gateway = spawn(
  process.execPath,
  [
    join(root, 'packages', 'cli', 'bin', 'sluice.js'),
    'start',
    '--config',
    join(root, 'examples', 'lambda', 'sluice.yaml'),
    '--lambda-endpoint',
    `http://127.0.0.1:${port}`,
    ...flags,
  ],
  // A group of its own: Ctrl-C reaches it once, through the line below, and the functions hear of the last $disconnects.
  { stdio: 'inherit', detached: true },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => gateway.kill(signal));
gateway.once('exit', (code) => {
  server.close();
  server.closeAllConnections();
  process.exit(code ?? 0);
});
