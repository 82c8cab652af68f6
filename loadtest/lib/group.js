import exec from 'k6/execution';
import { Client } from './client.js';
import { at, nowMs } from './clock.js';
import { randomOf } from './ids.js';
import { metrics } from './metrics.js';

const lagProbeMs = 500;
const quietProbeMs = 100;

/**
 * The clients of one iteration: `socketsPerVu` of them on one event loop of k6. They connect one after the other within the iteration's share of
 * the ramp, and the iteration ends when all have finished.
 */
export class Group {
  constructor(settings, { size } = {}) {
    this.settings = settings;
    this.number = exec.scenario.iterationInTest;
    this.startedMs = nowMs();
    /** The time of the scenario's start on this clock, the same for all groups but for a ms. */
    this.originMs = this.startedMs - (Date.now() - exec.scenario.startTime);
    this.firstIndex = this.number * settings.socketsPerVu;
    this.size = size ?? Math.max(0, Math.min(settings.socketsPerVu, settings.connections - this.firstIndex));
    this.clients = [];
    this.unfinished = 0;
    this.watchLag();
  }

  /** Starts the clients, `spacingMs` apart; `make` gives each its options. */
  connect(spacingMs, make) {
    for (let i = 0; i < this.size; i++) {
      const index = this.firstIndex + i;
      const random = randomOf(`${this.settings.seed}.${index}`);
      const dueMs = this.startedMs + i * spacingMs;
      const { handlers, ...options } = make(index, random, dueMs);
      const client = new Client({
        settings: this.settings,
        index,
        random,
        ...options,
        handlers: {
          open() {},
          message() {},
          closed() {},
          ...handlers,
          finished: (each) => this.oneFinished(each, handlers),
        },
      });
      this.clients.push(client);
      this.unfinished += 1;
      metrics.accounted.add(false);
      client.connectAt(dueMs);
    }
    if (this.size === 0) this.end();
  }

  oneFinished(client, handlers) {
    // It may still have to ask the back end.
    Promise.resolve(handlers.finished?.(client)).then(() => metrics.accounted.add(true));
    this.unfinished -= 1;
    if (this.unfinished === 0) this.end();
  }

  /** What keeps the iteration alive is timers and sockets: with the last of them it ends. */
  end() {
    clearInterval(this.lagTimer);
    this.ended?.();
  }

  /** How late timers of this event loop are: a generator that is late is what a high latency may come from. */
  watchLag() {
    let dueMs = nowMs() + lagProbeMs;
    this.lagTimer = setInterval(() => {
      const lateMs = nowMs() - dueMs;
      metrics.generatorLag.add(Math.max(0, lateMs));
      dueMs += lagProbeMs;
    }, lagProbeMs);
  }

  /** All leave from this time on, spread over `leaveMs` so that the end is no storm. */
  leaveAt(dueMs, { leaveMs, patienceMs }) {
    for (const client of this.clients) leaveWhenQuiet(client, dueMs + client.random() * leaveMs, patienceMs);
  }
}

/**
 * The client leaves at this time if it has nothing under way; else once that is so, or nothing has arrived for `patienceMs`. Closing a socket throws away
 * what it has received and k6 has not yet handed on: a generator that is late by half a minute would call it lost.
 */
export function leaveWhenQuiet(client, dueMs, patienceMs) {
  const leave = () => {
    client.isAwaited = true;
    const isQuiet = client.handlers.isQuiet?.() ?? true;
    if (isQuiet || nowMs() > Math.max(dueMs, client.lastHeardMs ?? 0) + patienceMs) client.leave();
    else setTimeout(leave, quietProbeMs);
  };
  at(dueMs, leave);
}
