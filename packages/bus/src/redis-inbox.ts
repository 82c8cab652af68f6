import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type InboxAddress, limits, NewerVersionError, readInboxBatch } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { Inbox, InboxHandlers } from './bus.js';
import type { InboxKeys } from './keys.js';
import { closeInbox } from './lua/close-inbox-2.js';
import { openInbox } from './lua/open-inbox-2.js';
import { renewInbox } from './lua/renew-inbox-2.js';
import { RepeatFilter } from './repeat-filter.js';
import type { BusTiming } from './timing.js';

type ReadReply = [stream: Buffer, entries: [id: Buffer, fields: Buffer[]][]][] | null;

/** Entries read are deleted in the background, at the latest after this many and after `trimDelayMs`. */
const trimEvery = 64;
const trimDelayMs = 250;
const openRetryMs = 200;

/**
 * This process's own inbox: a stream that exists as long as its lease, read in order over a connection of its own. The lease
 * is renewed on another connection; whoever froze for longer than it finds the inbox gone and is told so.
 */
export class RedisInbox implements Inbox {
  private token = '';
  private lastId = '0-0';
  private lost = false;
  private closed = false;
  private readUntrimmed = 0;
  private trimTimer: NodeJS.Timeout | undefined;
  private renewTimer: NodeJS.Timeout | undefined;
  private readonly repeats = new RepeatFilter(limits.inboxWritersRemembered);

  constructor(
    readonly address: InboxAddress,
    private readonly keys: InboxKeys,
    private readonly handlers: InboxHandlers,
    private readonly commands: RedisLink,
    private readonly reader: RedisLink,
    private readonly telemetry: Telemetry,
    private readonly timing: BusTiming,
    private readonly onClosed: (inbox: RedisInbox) => void,
  ) {}

  /** Makes the inbox and starts reading; tries for as long as Redis is away. */
  async open(): Promise<void> {
    while (!this.closed) {
      try {
        await this.reopen();
        break;
      } catch {
        await sleep(openRetryMs, undefined, { ref: false });
      }
    }
    void this.read();
    this.scheduleRenewal();
  }

  async reopen(): Promise<void> {
    // Making it again empties it: an inbox that is still this life's keeps what has not been read yet.
    if (this.token !== '' && (await this.renewed(this.token))) {
      this.lost = false;
      return;
    }
    const token = randomBytes(12).toString('base64url');
    const id = await this.commands.script(openInbox, [this.keys.stream, this.keys.owner], [token, this.timing.leaseMs]);
    this.token = token;
    this.lastId = String(id);
    this.lost = false;
  }

  async close(): Promise<void> {
    this.release();
    const closed = this.commands.script(closeInbox, [this.keys.stream, this.keys.owner], [this.token]);
    // While Redis is away its answer never comes, and a process that stops must not wait for it: the lease runs out by itself.
    await Promise.race([closed, sleep(this.timing.busCloseMs, undefined, { ref: false })]);
  }

  /** Ends the reading and the renewals and lets the lease run out. */
  release(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.renewTimer);
    clearTimeout(this.trimTimer);
    this.reader.close();
    this.onClosed(this);
  }

  private async read(): Promise<void> {
    while (!this.closed) {
      try {
        const args = ['COUNT', limits.readEntriesMax, 'BLOCK', this.timing.blockingReadMs, 'STREAMS', this.keys.stream];
        const token = this.token;
        const reply = (await this.reader.callBuffer('XREAD', [...args, this.lastId])) as ReadReply;
        // An answer from before a reopening belongs to a stream that no longer exists.
        if (reply !== null && token === this.token && !this.closed) this.take(reply[0]?.[1] ?? []);
      } catch {
        if (this.closed) return;
        await sleep(50 + Math.random() * 200, undefined, { ref: false });
        // Redis may have come back empty: no need to wait for the next turn of the renewal to know.
        void this.renew();
      }
    }
  }

  private take(entries: [id: Buffer, fields: Buffer[]][]): void {
    for (const [id, fields] of entries) {
      this.lastId = id.toString('latin1');
      const [name, bytes] = fields;
      if (name === undefined || bytes === undefined) continue;
      if (this.repeats.isRepeat(name.toString('latin1'))) continue;
      this.hand(bytes);
    }
    this.readUntrimmed += entries.length;
    if (this.readUntrimmed >= trimEvery) this.trim();
    else this.trimTimer ??= setTimeout(() => this.trim(), trimDelayMs).unref();
  }

  private hand(bytes: Buffer): void {
    const { commands, fault } = readInboxBatch(bytes);
    if (fault !== undefined) {
      // Nobody else reads this inbox: waiting for a newer process would help nobody, and what follows must not wait either.
      const newer = fault instanceof NewerVersionError;
      this.telemetry.metrics.inboxUndeliveredTotal.labels('unknown', newer ? 'newer' : 'failed').inc();
      this.telemetry.log.error(
        'bus.undelivered',
        newer
          ? 'commands of a newer release cannot be read and are dropped; upgrade this process too'
          : 'commands cannot be read and are dropped, with what follows them in their batch',
        { error: fault, read: commands.length },
      );
    }
    if (commands.length > 0) this.handlers.onCommands(commands);
  }

  private trim(): void {
    clearTimeout(this.trimTimer);
    this.trimTimer = undefined;
    if (this.readUntrimmed === 0 || this.closed) return;
    this.readUntrimmed = 0;
    const dash = this.lastId.indexOf('-');
    const firstUnread = `${this.lastId.slice(0, dash)}-${BigInt(this.lastId.slice(dash + 1)) + 1n}`;
    // A failed trim is made good by the next one, which drops everything older.
    this.commands.call('XTRIM', [this.keys.stream, 'MINID', '=', firstUnread]).catch(() => {});
  }

  private scheduleRenewal(): void {
    this.renewTimer = setTimeout(async () => {
      await this.renew();
      if (!this.closed) this.scheduleRenewal();
    }, this.timing.leaseRenewIntervalMs).unref();
  }

  private async renew(): Promise<void> {
    if (this.lost || this.closed) return;
    const { token } = this;
    try {
      if ((await this.renewed(token)) || this.lost || this.closed || token !== this.token) return;
      this.lost = true;
      this.handlers.onLost();
    } catch {
      // Redis is away: the next turn asks again, and the lease says then whether the inbox is still ours.
    }
  }

  private async renewed(token: string): Promise<boolean> {
    const keys = [this.keys.stream, this.keys.owner];
    return Number(await this.commands.script(renewInbox, keys, [token, this.timing.leaseMs])) === 1;
  }
}
