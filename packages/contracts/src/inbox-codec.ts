import { ByteReader, type ByteWriter, checkVersion, MalformedBytesError } from './bytes.js';
import type { ConnectionDescription, InboxCommand, OutcomeResult } from './inbox.js';

/**
 * The binary form of a batch of inbox commands, which is one entry of an inbox.
 *
 *     batch   := version:u8  command*
 *     command := kind:u8  rest by kind
 */
export const inboxVersion = 1;

// BINARY is a REPLY in a binary frame, ADMIT a VERDICT with a context, POST_TEXT and POST_BINARY a POST that says which frame:
// commands without them stay as they were.
const kinds = {
  VERDICT: 1,
  REPLY: 2,
  POST: 3,
  GET: 4,
  DELETE: 5,
  OUTCOME: 6,
  DONE: 7,
  RENEW: 8,
  BINARY: 9,
  ADMIT: 10,
  POST_TEXT: 11,
  POST_BINARY: 12,
} as const;
const results: OutcomeResult[] = ['ok', 'gone', 'slow'];

export function writeInboxHead(writer: ByteWriter): void {
  writer.u8(inboxVersion);
}

/** Appends one command; its body is copied, so the caller may reuse it. */
export function writeInboxCommand(writer: ByteWriter, command: InboxCommand): void {
  writer.u8(kindOf(command));
  switch (command.kind) {
    case 'REPLY':
      writer.shortText(command.connectionId);
      writer.bytes(command.body);
      return;
    case 'VERDICT':
      writer.shortText(command.connectionId);
      writer.u16(command.status);
      writer.utf8(JSON.stringify(command.headers));
      writer.bytes(command.body);
      if (command.connectionContext !== undefined) writer.text(command.connectionContext);
      return;
    case 'DONE':
      writer.shortText(command.connectionId);
      writer.shortText(command.messageId);
      return;
    case 'RENEW':
      writer.shortText(command.connectionId);
      writer.text(command.connectionContext);
      return;
    case 'POST':
    case 'GET':
    case 'DELETE':
      writer.shortText(command.connectionId);
      writer.shortText(command.replyTo);
      writer.u32(command.correlation);
      writer.shortText(command.traceparent ?? '');
      writer.shortText(command.apiId ?? '');
      if (command.kind === 'POST') writer.bytes(command.body);
      return;
    case 'OUTCOME':
      writer.u32(command.correlation);
      writer.u8(results.indexOf(command.result));
      writer.utf8(command.connection === undefined ? '' : JSON.stringify(command.connection));
      return;
  }
}

function kindOf(command: InboxCommand): number {
  if (command.kind === 'REPLY' && command.binary === true) return kinds.BINARY;
  if (command.kind === 'VERDICT' && command.connectionContext !== undefined) return kinds.ADMIT;
  if (command.kind === 'POST' && command.binary !== undefined)
    return command.binary ? kinds.POST_BINARY : kinds.POST_TEXT;
  return kinds[command.kind];
}

/** What could be read of a batch, and why the rest could not. */
export interface InboxBatch {
  commands: InboxCommand[];
  fault: MalformedBytesError | undefined;
}

/**
 * Reads a batch; bodies are views into `bytes`. A command of a later release ends the reading, since nobody here knows how long it
 * is: those before it are handed over all the same. `fault` is a `NewerVersionError` where the whole batch is of a later release.
 */
export function readInboxBatch(bytes: Buffer): InboxBatch {
  const commands: InboxCommand[] = [];
  try {
    const reader = new ByteReader(bytes);
    checkVersion('inbox', reader.u8(), inboxVersion);
    while (!reader.done) commands.push(readInboxCommand(reader));
    return { commands, fault: undefined };
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    return { commands, fault: error };
  }
}

function readInboxCommand(reader: ByteReader): InboxCommand {
  const kind = reader.u8();
  switch (kind) {
    case kinds.REPLY:
      return { kind: 'REPLY', connectionId: reader.shortText(), body: reader.bytes() };
    case kinds.BINARY:
      return { kind: 'REPLY', connectionId: reader.shortText(), body: reader.bytes(), binary: true };
    case kinds.DONE:
      return { kind: 'DONE', connectionId: reader.shortText(), messageId: reader.shortText() };
    case kinds.RENEW:
      return { kind: 'RENEW', connectionId: reader.shortText(), connectionContext: reader.text() };
    case kinds.VERDICT:
    case kinds.ADMIT:
      return {
        kind: 'VERDICT',
        connectionId: reader.shortText(),
        status: reader.u16(),
        headers: parseJson(reader.utf8()) as [string, string][],
        body: reader.bytes(),
        connectionContext: kind === kinds.ADMIT ? reader.text() : undefined,
      };
    case kinds.POST:
      return { kind: 'POST', ...readCorrelated(reader), body: reader.bytes() };
    case kinds.POST_TEXT:
    case kinds.POST_BINARY:
      return { kind: 'POST', ...readCorrelated(reader), body: reader.bytes(), binary: kind === kinds.POST_BINARY };
    case kinds.GET:
      return { kind: 'GET', ...readCorrelated(reader) };
    case kinds.DELETE:
      return { kind: 'DELETE', ...readCorrelated(reader) };
    case kinds.OUTCOME:
      return readOutcome(reader);
    default:
      throw new MalformedBytesError(`inbox command kind ${kind} is not known`);
  }
}

function readCorrelated(reader: ByteReader) {
  return {
    connectionId: reader.shortText(),
    replyTo: reader.shortText(),
    correlation: reader.u32(),
    traceparent: reader.shortText() || undefined,
    apiId: reader.shortText() || undefined,
  };
}

function readOutcome(reader: ByteReader): InboxCommand {
  const correlation = reader.u32();
  const result = results[reader.u8()];
  if (result === undefined) throw new MalformedBytesError('outcome result is not known');
  const description = reader.utf8();
  const connection = description === '' ? undefined : (parseJson(description) as ConnectionDescription);
  return { kind: 'OUTCOME', correlation, result, connection };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedBytesError('JSON wanted inside an inbox command');
  }
}
