import { parentPort, workerData } from 'node:worker_threads';
import { type Plan, playTarget } from './play-target.js';
import { targets } from './targets/index.js';
import { Logbook } from './watched-worker.js';

export interface WorkerOrder {
  target: string;
  plan: Plan;
  memory: SharedArrayBuffer;
}

const { target, plan, memory } = workerData as WorkerOrder;
const found = targets.find(({ name }) => name === target);
if (found === undefined) throw new Error(`no target ${target}`);
const logbook = new Logbook(memory);
parentPort?.postMessage(await playTarget(found, plan, (run, input) => logbook.write(run, input)));
