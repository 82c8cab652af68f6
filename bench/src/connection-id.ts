import { maskedFrame } from './message.js';
import { openWebSocket, type WebSocketConnection, type WebSocketHandlers } from './websocket-connection.js';

const answerTimeoutMs = 10_000;

/**
 * Opens a connection and learns its id from the route `id`, whose back end answers the id that the gateway names to it. From
 * then on the connection belongs to `handlers`.
 */
export async function askConnectionId(
  address: { port: number; path: string },
  handlers: WebSocketHandlers,
): Promise<{ connection: WebSocketConnection; connectionId: string }> {
  let answered: ((connectionId: string) => void) | undefined;
  let lost: ((error: Error) => void) | undefined;
  const id = new Promise<string>((resolve, reject) => {
    answered = resolve;
    lost = reject;
  });
  const connection = await openWebSocket(address, {
    onText(buffer, start, end) {
      if (answered === undefined) return handlers.onText(buffer, start, end);
      answered(buffer.toString('utf8', start, end));
      answered = undefined;
    },
    onReadEnd: () => handlers.onReadEnd(),
    onEnd(reason) {
      if (answered === undefined) handlers.onEnd(reason);
      else lost?.(new Error(reason));
    },
  });
  const timer = setTimeout(() => lost?.(new Error('the route "id" was not answered')), answerTimeoutMs);
  try {
    connection.write(maskedFrame(0x1, Buffer.from('{"action":"id"}')));
    const connectionId = await id;
    if (!/^[A-Za-z0-9_=-]{16,20}$/.test(connectionId)) throw new Error(`no connection id: ${connectionId}`);
    return { connection, connectionId };
  } finally {
    clearTimeout(timer);
  }
}
