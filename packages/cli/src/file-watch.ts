import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { limits } from '@sluice/contracts';

/** Files by path, each with what tells its content from any other; undefined where it cannot be read. */
export type FileDigests = ReadonlyMap<string, string | undefined>;

export function digestOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : createHash('sha256').update(text).digest('base64');
}

/** What `stat` says of a file whose content is known, so that an unchanged one need not be read again. */
interface Known {
  stamp: string;
  digest: string | undefined;
}

// A file written again within the tick of its file system's clock keeps its stamp. Only one that has been quiet is believed.
const stampTrustedAfterMs = 1_000;

// The digest of no content.
const neverRead = '';

/**
 * Says when the content of files is no longer what it was when they were read last. It looks at them every few seconds instead of
 * asking the kernel for events: those are bound to an inode, while the kubelet exchanges whole directories behind a symlink and
 * editors rename; they are not there on network file systems, and the instances of inotify are few and shared by the whole node.
 * A look costs one `stat` a file.
 */
export class FileWatch {
  private files: FileDigests = new Map();
  private readonly known = new Map<string, Known>();
  private candidate: FileDigests | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running = false;

  /**
   * `onChange` gets what was seen to have come to rest. It has to read the files and to call `follow`, or `unsettled` where it read
   * something else; it is called again for as long as they differ from what `follow` was told.
   */
  constructor(
    private readonly onChange: (settled: FileDigests) => void,
    private readonly timing: { intervalMs: number; settleMs: number } = {
      intervalMs: limits.configWatchIntervalMs,
      settleMs: limits.configSettleMs,
    },
  ) {}

  /** These files were just read, and this was in them. */
  follow(files: FileDigests): void {
    this.files = files;
    this.candidate = undefined;
  }

  /** This was just read, and not all of it had been seen to be at rest. Looked at from now on are these files too, and soon. */
  unsettled(read: FileDigests): void {
    const files = new Map(this.files);
    for (const path of read.keys()) if (!files.has(path)) files.set(path, neverRead);
    this.files = files;
    this.candidate = read;
  }

  start(): void {
    this.running = true;
    this.schedule(this.timing.intervalMs);
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  private schedule(delayMs: number): void {
    if (!this.running) return;
    this.timer = setTimeout(() => void this.look(), delayMs).unref();
  }

  private async look(): Promise<void> {
    const { files } = this;
    const found = await this.digestsNow(files);
    // Read anew meanwhile, by a SIGHUP: what was found may be older than that.
    if (files !== this.files || sameDigests(found, files)) this.candidate = undefined;
    else if (this.candidate !== undefined && sameDigests(found, this.candidate)) {
      this.candidate = undefined;
      if (this.running) this.onChange(found);
    } else this.candidate = found;
    this.schedule(this.candidate === undefined ? this.timing.intervalMs : this.timing.settleMs);
  }

  private async digestsNow(files: FileDigests): Promise<FileDigests> {
    for (const path of this.known.keys()) if (!files.has(path)) this.known.delete(path);
    const found = new Map<string, string | undefined>();
    for (const path of files.keys()) found.set(path, await this.digestNow(path).catch(() => undefined));
    return found;
  }

  private async digestNow(path: string): Promise<string | undefined> {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true });
    const stamp = [dev, ino, size, mtimeNs, ctimeNs].join();
    const known = this.known.get(path);
    if (known?.stamp === stamp) return known.digest;
    const quiet = Date.now() - Number(ctimeMs) > stampTrustedAfterMs;
    const digest = digestOf(await readFile(path, 'utf8'));
    if (quiet) this.known.set(path, { stamp, digest });
    return digest;
  }
}

function sameDigests(one: FileDigests, other: FileDigests): boolean {
  return one.size === other.size && holdsDigests(other, one);
}

/** Whether all of `part` is in `whole`, with the same content. */
export function holdsDigests(whole: FileDigests, part: FileDigests): boolean {
  return [...part].every(([path, digest]) => whole.has(path) && whole.get(path) === digest);
}
