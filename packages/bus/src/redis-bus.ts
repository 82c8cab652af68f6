import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type InboxAddress, type InboxCommand, limits, type RedisSettings } from '@sluice/contracts';
import { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { Bus, Delivery, FrameConsumer, FrameProducer, Inbox, InboxHandlers, Undelivered } from './bus.js';
import { BusHealth } from './bus-health.js';
import { InboxSender } from './inbox-sender.js';
import { busKeys } from './keys.js';
import { RedisConsumer } from './redis-consumer.js';
import { RedisDeadLetters } from './redis-dead-letters.js';
import { RedisInbox } from './redis-inbox.js';
import { RedisProducer } from './redis-producer.js';
import { type BatchCodec, batchCodec, ensureGroup } from './router-group.js';
import { type BusTiming, defaultTiming } from './timing.js';

export interface RedisBusOptions {
  settings: RedisSettings;
  /** Name of this process's part in metrics and logs: `edge`, `router`, `callback`. */
  role: string;
  telemetry: Telemetry;
  /** For tests; unset members are the limits. */
  timing?: Partial<BusTiming>;
  /** For tests: what a router of another release reads. */
  codec?: BatchCodec;
}

/** The bus of a cluster, over Redis Streams. Connects in the background and for ever; `available` says how it stands. */
export function createRedisBus(options: RedisBusOptions): Bus {
  return new RedisBus(options);
}

class RedisBus implements Bus {
  private readonly keys;
  private readonly timing: BusTiming;
  private readonly incarnation = randomBytes(9).toString('base64url');
  private readonly producerLink: RedisLink;
  private readonly health: BusHealth;
  private readonly sender: InboxSender;
  private readonly producers: RedisProducer[] = [];
  private readonly consumers: RedisConsumer[] = [];
  private readonly inboxes = new Set<RedisInbox>();
  private commandLink: RedisLink | undefined;
  private closing: Promise<void> | undefined;
  readonly deadLetters: RedisDeadLetters;

  constructor(private readonly options: RedisBusOptions) {
    this.keys = busKeys(options.settings);
    this.timing = { ...defaultTiming, ...options.timing };
    this.producerLink = this.link('producer', 'producer');
    const independent = options.settings.mode === 'cluster';
    this.health = new BusHealth(this.keys, this.producerLink, options.telemetry, independent, this.timing);
    this.sender = new InboxSender(this.incarnation, this.keys, this.producerLink, this.health, options.telemetry);
    this.deadLetters = new RedisDeadLetters(this.keys, () => this.producerLink);
  }

  get available(): boolean {
    return this.health.available && this.closing === undefined;
  }

  openProducer(from: InboxAddress): FrameProducer {
    const producer = new RedisProducer(from, this.producerLink, this.health, this.options.telemetry);
    this.producers.push(producer);
    // Groups start at id 0, so an append that comes first is delivered all the same; this only makes the gauges right.
    for (const shard of this.keys.shards) void ensureGroup(this.commands(), shard).catch(() => {});
    return producer;
  }

  async consume(handler: (delivery: Delivery) => void, options: { inflightMax?: number } = {}): Promise<FrameConsumer> {
    const { shards } = this.keys;
    // Where all keys are on one server, one connection waits on all of them. Nodes of a cluster each answer only for their own.
    const groups = this.options.settings.mode === 'cluster' ? shards.map((shard) => [shard]) : [shards];
    const parts = {
      name: this.consumers.length === 0 ? this.incarnation : `${this.incarnation}.${this.consumers.length}`,
      shards,
      readers: groups.map((group) => ({ shards: group, link: this.link('reader', 'blocking') })),
      commands: this.commands(),
      sender: this.sender,
      telemetry: this.options.telemetry,
      timing: this.timing,
      codec: this.options.codec ?? batchCodec,
    };
    const consumer = new RedisConsumer(parts, handler, options.inflightMax ?? limits.routerInflightMax);
    this.consumers.push(consumer);
    await consumer.start();
    return consumer;
  }

  async openInbox(address: InboxAddress, handlers: InboxHandlers): Promise<Inbox> {
    const reader = this.link('inbox', 'blocking');
    const keys = this.keys.inbox(address);
    const forget = (closed: RedisInbox) => this.inboxes.delete(closed);
    const inbox = new RedisInbox(
      address,
      keys,
      handlers,
      this.commands(),
      reader,
      this.options.telemetry,
      this.timing,
      forget,
    );
    this.inboxes.add(inbox);
    await inbox.open();
    return inbox;
  }

  send(
    to: InboxAddress,
    command: InboxCommand,
    undelivered?: (command: InboxCommand, reason: Undelivered) => void,
  ): void {
    this.sender.send(to, command, undelivered);
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    const timeoutMs = this.timing.busCloseMs + 2 * limits.redisCommandTimeoutMs;
    await Promise.race([this.finish(), sleep(timeoutMs, undefined, { ref: false })]);
    this.health.close();
    this.sender.close();
    for (const inbox of this.inboxes) inbox.release();
    this.producerLink.close();
    this.commandLink?.close();
  }

  /** In the order in which one thing leads to the next: work, what it sends and appends, and last where answers arrive. */
  private async finish(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop(this.timing.busCloseMs)));
    await Promise.all(this.producers.map((producer) => producer.drain()));
    await new Promise<void>((resolve) => this.sender.whenConfirmed(resolve));
    await Promise.all([...this.inboxes].map((inbox) => inbox.close()));
  }

  private commands(): RedisLink {
    this.commandLink ??= this.link('commands', 'consumer');
    return this.commandLink;
  }

  private link(part: string, kind: 'producer' | 'consumer' | 'blocking'): RedisLink {
    const { settings, role, telemetry } = this.options;
    const { blockingReadMs, blockingReadGraceMs } = this.timing;
    return new RedisLink(settings, `${role}-${part}`, kind, telemetry, blockingReadMs + blockingReadGraceMs);
  }
}
