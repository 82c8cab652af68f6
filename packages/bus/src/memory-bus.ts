import { type InboxAddress, type InboxCommand, limits } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import type {
  Bus,
  DeadLetters,
  Delivery,
  FrameConsumer,
  FrameProducer,
  Inbox,
  InboxHandlers,
  Undelivered,
} from './bus.js';
import { MemoryProducer } from './memory-producer.js';
import { MemoryStream } from './memory-stream.js';

type UndeliveredCallback = (command: InboxCommand, reason: Undelivered) => void;

interface Queued {
  to: InboxAddress;
  command: InboxCommand;
  copy: InboxCommand;
  undelivered: UndeliveredCallback | undefined;
}

/** The bus of a single process: the contract of the cluster's, nothing written anywhere. Gone when the process ends. */
export function createMemoryBus(options: { telemetry: Telemetry }): Bus {
  return new MemoryBus(options.telemetry);
}

class MemoryBus implements Bus {
  private readonly stream: MemoryStream;
  private readonly inboxes = new Map<InboxAddress, MemoryInbox>();
  private readonly producers: FrameProducer[] = [];
  private readonly consumers: FrameConsumer[] = [];
  private queue: Queued[] = [];
  private scheduled = false;
  private closed = false;
  private readonly endOfTurn = () => this.flush();

  constructor(private readonly telemetry: Telemetry) {
    this.stream = new MemoryStream(telemetry);
  }

  get available(): boolean {
    return !this.closed;
  }

  get deadLetters(): DeadLetters {
    return this.stream;
  }

  openProducer(from: InboxAddress): FrameProducer {
    const producer = new MemoryProducer(from, this.stream, () => this.closed);
    this.producers.push(producer);
    return producer;
  }

  async consume(handler: (delivery: Delivery) => void, options: { inflightMax?: number } = {}): Promise<FrameConsumer> {
    const consumer = this.stream.join(handler, options.inflightMax ?? limits.routerInflightMax);
    this.consumers.push(consumer);
    return consumer;
  }

  async openInbox(address: InboxAddress, handlers: InboxHandlers): Promise<Inbox> {
    const inbox = new MemoryInbox(address, handlers, this.inboxes);
    await inbox.reopen();
    return inbox;
  }

  send(to: InboxAddress, command: InboxCommand, undelivered?: UndeliveredCallback): void {
    // The sender may reuse the bytes of a body, as it may with the cluster's bus, which encodes them here.
    const copy = 'body' in command ? { ...command, body: Buffer.from(command.body) } : command;
    this.queue.push({ to, command, copy, undelivered });
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.endOfTurn);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.consumers.map((consumer) => consumer.stop(limits.busCloseMs)));
    await Promise.all(this.producers.map((producer) => producer.drain()));
    if (this.scheduled) await new Promise((resolve) => setImmediate(resolve));
    this.inboxes.clear();
  }

  private flush(): void {
    this.scheduled = false;
    const { queue } = this;
    this.queue = [];
    const batches = new Map<MemoryInbox, InboxCommand[]>();
    for (const { to, command, copy, undelivered } of queue) {
      const inbox = this.inboxes.get(to);
      if (inbox === undefined) {
        this.telemetry.metrics.inboxUndeliveredTotal.labels(command.kind, 'gone').inc();
        undelivered?.(command, 'gone');
        continue;
      }
      const batch = batches.get(inbox);
      if (batch === undefined) batches.set(inbox, [copy]);
      else batch.push(copy);
    }
    for (const [inbox, commands] of batches) inbox.handlers.onCommands(commands);
  }
}

class MemoryInbox implements Inbox {
  constructor(
    readonly address: InboxAddress,
    readonly handlers: InboxHandlers,
    private readonly inboxes: Map<InboxAddress, MemoryInbox>,
  ) {}

  async reopen(): Promise<void> {
    this.inboxes.set(this.address, this);
  }

  async close(): Promise<void> {
    if (this.inboxes.get(this.address) === this) this.inboxes.delete(this.address);
  }
}
