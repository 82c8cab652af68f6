import { type Envelope, type InboxCommand, limits } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, Delivery, Refusal } from '../bus.js';
import { message, reply, replyText, textOf, until } from './test-parts.js';

/** Makes a bus on a backing that is empty at the start of each test. */
export interface BusFactory {
  create(): Promise<Bus>;
  /** Called after each test, with every bus closed. */
  cleanUp(): Promise<void>;
}

/** What every bus does, whatever carries it. Run on each implementation. */
export function registerBusTests(name: string, factory: BusFactory): void {
  describe(`${name}: bus contract`, () => {
    let bus: Bus;

    beforeEach(async () => {
      bus = await factory.create();
      await until('bus available', () => bus.available);
    });
    afterEach(async () => {
      await bus.close();
      await factory.cleanUp();
    });

    registerFrameTests(() => bus);
    registerSettlementTests(() => bus);
    registerInboxTests(() => bus);
    registerDeadLetterTests(() => bus);
  });
}

function registerFrameTests(bus: () => Bus): void {
  it('hands over what was appended, with its sender, its identity and its body as it was then', async () => {
    const seen: Delivery[] = [];
    await bus().consume((delivery) => {
      seen.push(delivery);
      delivery.done();
    });
    const body = Buffer.from('first');
    const sent = { ...message(''), body } as Envelope;
    bus().openProducer('e7').append(sent);
    body.fill('x');
    await until('delivery', () => seen.length === 1);
    const [delivery] = seen;
    expect(delivery && textOf(delivery)).toBe('first');
    expect(delivery).toMatchObject({ from: 'e7', deliveryCount: 1 });
    expect(delivery?.envelope).toMatchObject({ connectionId: sent.connectionId, requestId: sent.requestId });
    expect(delivery?.deliveryId).toMatch(/^.+$/);
  });

  it('carries CONNECT and DISCONNECT as well', async () => {
    const seen: Envelope[] = [];
    await bus().consume((delivery) => {
      seen.push(delivery.envelope);
      delivery.done();
    });
    const base = { ...message('x') } as Partial<Extract<Envelope, { kind: 'MESSAGE' }>>;
    delete base.body;
    delete base.messageId;
    const rest = base as Omit<Extract<Envelope, { kind: 'CONNECT' }>, 'kind' | 'handshake'>;
    const connect: Envelope = { ...rest, kind: 'CONNECT', handshake: { headers: [['a', 'ü']], queryString: 'x=1' } };
    const disconnect: Envelope = {
      ...rest,
      kind: 'DISCONNECT',
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    };
    const producer = bus().openProducer('e7');
    producer.append(connect);
    producer.append(disconnect);
    await until('both', () => seen.length === 2);
    expect(seen).toEqual([connect, disconnect]);
  });

  it('settles each append once, never synchronously, and not refused', async () => {
    const producer = bus().openProducer('e7');
    const settled: [Envelope, Refusal | undefined][] = [];
    const sent = Array.from({ length: 300 }, (_, i) => message(`${i}`));
    for (const envelope of sent) producer.append(envelope, (each, refusal) => settled.push([each, refusal]));
    expect(settled).toEqual([]);
    await producer.drain();
    // Batches go to several shards, which confirm in any order.
    expect(settled).toHaveLength(sent.length);
    expect(new Set(settled.map(([envelope]) => envelope))).toEqual(new Set(sent));
    expect(settled.every(([, refusal]) => refusal === undefined)).toBe(true);
  });

  it('delivers each envelope to one member of the group', async () => {
    const seen = new Map<string, number>();
    const byMember = [0, 0];
    for (const member of [0, 1]) {
      await bus().consume(
        (delivery) => {
          byMember[member] = (byMember[member] ?? 0) + 1;
          seen.set(textOf(delivery), (seen.get(textOf(delivery)) ?? 0) + 1);
          setTimeout(() => delivery.done(), 1);
        },
        { inflightMax: 10 },
      );
    }
    const producer = bus().openProducer('e7');
    for (let i = 0; i < 200; i++) {
      producer.append(message(`${i}`));
      if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all', () => seen.size === 200);
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
    expect(Math.min(...byMember)).toBeGreaterThan(0);
  });

  it('keeps deliveries in work at the bound, give or take the batch that reached it', async () => {
    const open: Delivery[] = [];
    let most = 0;
    const consumer = await bus().consume(
      (delivery) => {
        open.push(delivery);
        most = Math.max(most, consumer.inflight);
      },
      { inflightMax: 20 },
    );
    const producer = bus().openProducer('e7');
    for (let i = 0; i < 1_000; i++) producer.append(message(`${i}`));
    await producer.drain();
    let finished = 0;
    while (finished < 1_000) {
      await until('more work', () => open.length > 0);
      const [delivery] = open.splice(0, 1);
      delivery?.done();
      finished++;
    }
    expect(most).toBeLessThan(20 + limits.batchEnvelopesMax);
    expect(consumer.inflight).toBe(0);
  });

  it('takes a message as large as there can be', async () => {
    const seen: string[] = [];
    await bus().consume((delivery) => {
      seen.push(textOf(delivery));
      delivery.done();
    });
    const large = 'a'.repeat(limits.messageBytesMax);
    const producer = bus().openProducer('e7');
    for (let i = 0; i < 5; i++) producer.append(message(large));
    await until('all', () => seen.length === 5);
    expect(seen.every((text) => text === large)).toBe(true);
  });
}

function registerSettlementTests(bus: () => Bus): void {
  it('gives what a member leaves unfinished to the next, with the same identity, counted, and nothing else', async () => {
    const first: Delivery[] = [];
    const leaving = await bus().consume((delivery) => {
      first.push(delivery);
      if (textOf(delivery) !== 'stays') delivery.done();
    });
    const producer = bus().openProducer('e7');
    for (const text of ['a', 'stays', 'b']) producer.append(message(text));
    await until('all three', () => first.length === 3);
    // Long enough for the progress of a batch in work to be recorded.
    await new Promise((resolve) => setTimeout(resolve, limits.progressAfterMs * 3));
    await leaving.stop(50);
    const again: Delivery[] = [];
    await bus().consume((delivery) => {
      again.push(delivery);
      delivery.done();
    });
    await until('redelivery', () => again.length === 1, 10_000);
    const before = first.find((delivery) => textOf(delivery) === 'stays');
    expect(again[0]?.deliveryId).toBe(before?.deliveryId);
    expect(again[0]?.envelope).toEqual(before?.envelope);
    expect(again[0]?.deliveryCount).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(again).toHaveLength(1);
  });

  it('waits in stop for the work under way', async () => {
    let finished = false;
    const consumer = await bus().consume((delivery) => {
      setTimeout(() => {
        finished = true;
        delivery.done();
      }, 200);
    });
    bus().openProducer('e7').append(message('slow'));
    await until('in work', () => consumer.inflight === 1);
    await consumer.stop(5_000);
    expect(finished).toBe(true);
    expect(consumer.inflight).toBe(0);
  });

  it('settling twice is settling once', async () => {
    let deliveries = 0;
    const consumer = await bus().consume((delivery) => {
      deliveries++;
      delivery.done();
      delivery.done();
      delivery.dead('late');
    });
    bus().openProducer('e7').append(message('x'));
    await until('delivery', () => deliveries === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(consumer.inflight).toBe(0);
    expect(await bus().deadLetters.count()).toBe(0);
  });
}

function registerInboxTests(bus: () => Bus): void {
  it('delivers 10,000 commands in the order in which they were sent', async () => {
    const received: string[] = [];
    await bus().openInbox('e7', { onCommands: (commands) => received.push(...commands.map(replyText)), onLost() {} });
    for (let i = 0; i < 10_000; i++) {
      bus().send('e7', reply(`${i}`));
      if (i % 97 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all', () => received.length >= 10_000, 10_000);
    expect(received).toEqual(Array.from({ length: 10_000 }, (_, i) => `${i}`));
  });

  it('says `gone` of an inbox that nobody has opened, once, with the command, later', async () => {
    const undelivered: [InboxCommand, string][] = [];
    const command = reply('x');
    bus().send('e999', command, (each, reason) => undelivered.push([each, reason]));
    expect(undelivered).toEqual([]);
    await until('answer', () => undelivered.length > 0);
    expect(undelivered).toEqual([[command, 'gone']]);
  });

  it('says nothing where the inbox took the command, and keeps the body as it was', async () => {
    const received: string[] = [];
    const undelivered: string[] = [];
    await bus().openInbox('e7', { onCommands: (commands) => received.push(...commands.map(replyText)), onLost() {} });
    const body = Buffer.from('hello');
    bus().send('e7', { kind: 'REPLY', connectionId: 'gbgHN0-zjQAYKEjhgA==', body }, (_, reason) =>
      undelivered.push(reason),
    );
    body.fill('x');
    await until('command', () => received.length === 1);
    expect(received).toEqual(['hello']);
    expect(undelivered).toEqual([]);
  });

  it('a closed inbox is gone; opened again it starts empty', async () => {
    const received: string[] = [];
    const handlers = {
      onCommands: (commands: InboxCommand[]) => received.push(...commands.map(replyText)),
      onLost() {},
    };
    const inbox = await bus().openInbox('e7', handlers);
    await inbox.close();
    const undelivered: string[] = [];
    bus().send('e7', reply('lost'), (_, reason) => undelivered.push(reason));
    await until('gone', () => undelivered.length === 1);
    await bus().openInbox('e7', handlers);
    bus().send('e7', reply('new'));
    await until('command', () => received.length > 0);
    expect(received).toEqual(['new']);
    expect(undelivered).toEqual(['gone']);
  });
}

function registerDeadLetterTests(bus: () => Bus): void {
  it('keeps dead letters with their reason, lists them, and redrives them', async () => {
    const seen: string[] = [];
    let poison = true;
    await bus().consume((delivery) => {
      seen.push(textOf(delivery));
      if (poison) delivery.dead(`cannot ${textOf(delivery)}`);
      else delivery.done();
    });
    const producer = bus().openProducer('e7');
    const sent = ['a', 'b', 'c'].map((text) => message(text));
    for (const envelope of sent) {
      producer.append(envelope);
      await producer.drain();
    }
    await until('dead letters', async () => (await bus().deadLetters.count()) === 3);
    const letters = await bus().deadLetters.list();
    expect(letters.map((letter) => letter.reason).sort()).toEqual(['cannot a', 'cannot b', 'cannot c']);
    expect(letters[0]).toMatchObject({ deliveryCount: 1 });
    expect(letters.map((letter) => letter.envelope?.requestId).sort()).toEqual(sent.map((e) => e.requestId).sort());
    const page = await bus().deadLetters.list({ countMax: 2 });
    const next = await bus().deadLetters.list({ countMax: 2, afterId: page[1]?.id ?? '' });
    expect([...page, ...next]).toEqual(letters);
    poison = false;
    expect(await bus().deadLetters.redrive([letters[1]?.id ?? ''])).toBe(1);
    expect(await bus().deadLetters.count()).toBe(2);
    expect(await bus().deadLetters.redrive()).toBe(2);
    await until('redriven', () => seen.length === 6);
    expect(await bus().deadLetters.count()).toBe(0);
    expect(seen.slice(3).sort()).toEqual(['a', 'b', 'c']);
  });
}
