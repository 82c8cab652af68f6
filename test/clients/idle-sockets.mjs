// Holds many WebSockets in a process of its own, since one process has too few descriptors for both ends of them.
// node idle-sockets.mjs <url> <count>: sends { opened } when all are open, then { closes: [code, reason, epoch ms][], stalledMs } when
// all have closed. stalledMs: how long this process was held up at most meanwhile, and saw what had come as if it came at once.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { WebSocket } from 'ws';

const [, , url, countText] = process.argv;
const count = Number(countText);
const atOnce = 32;
const delay = monitorEventLoopDelay({ resolution: 10 });
const closes = [];
let started = 0;
let opened = 0;

function openNext() {
  if (started === count) return;
  started++;
  const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
  socket.once('open', () => {
    opened++;
    if (opened === count) {
      delay.enable();
      process.send({ opened });
    }
    openNext();
  });
  socket.once('error', (error) => {
    process.send({ failed: String(error) });
  });
  socket.once('close', (code, reason) => {
    closes.push([code, String(reason), Date.now()]);
    if (closes.length === count) process.send({ closes, stalledMs: delay.max / 1e6 }, () => process.disconnect());
  });
}

for (let n = 0; n < atOnce; n++) openNext();
process.once('disconnect', () => process.exit());
