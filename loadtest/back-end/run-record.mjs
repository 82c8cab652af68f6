import { SeenNumbers } from './seen-numbers.mjs';

/** What one run of the load tests did, as its back end saw it. */
export class RunRecord {
  constructor() {
    this.connected = new Set();
    this.connects = 0;
    this.disconnects = 0;
    this.disconnectRepeats = 0;
    this.messages = 0;
    this.repeats = 0;
    this.unknownIds = 0;
    /** By client: a client numbers its messages from 0, over all its connections. */
    this.clients = new Map();
  }

  connect(connectionId) {
    if (this.connected.has(connectionId)) return;
    this.connected.add(connectionId);
    this.connects += 1;
  }

  disconnect(connectionId) {
    if (this.connected.delete(connectionId)) this.disconnects += 1;
    else this.disconnectRepeats += 1;
  }

  /** `id` is `run.client.number`. */
  message({ client, number }) {
    let seen = this.clients.get(client);
    if (seen === undefined) {
      seen = new SeenNumbers();
      this.clients.set(client, seen);
    }
    if (seen.add(number)) this.messages += 1;
    else this.repeats += 1;
  }

  has({ client, number }) {
    return this.clients.get(client)?.has(number) ?? false;
  }

  get stats() {
    const { connects, disconnects, disconnectRepeats, messages, repeats } = this;
    return { connects, disconnects, connected: this.connected.size, disconnectRepeats, messages, repeats };
  }
}

/** The parts of a message id of these load tests; undefined for anything else. */
export function partsOf(id) {
  const match = /^([a-z0-9-]{1,40})\.(\d{1,9})\.(\d{1,9})$/.exec(String(id));
  return match === null ? undefined : { run: match[1], client: Number(match[2]), number: Number(match[3]) };
}
