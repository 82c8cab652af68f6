import type { RedisClient } from './open-redis.js';

/** One late answer may be this process's own fault; so many in a row, with none between them, are not. */
const timeoutsMin = 3;

/**
 * Gives up the connection of a client with a command timeout once every answer has failed to come for `silentMsMax`: a frozen or
 * black-holed server keeps its socket open, so that no error ever brings the client to the primary that has taken its place.
 * `onSilent` is called before each new connection.
 */
export function reconnectWhenSilent(client: RedisClient, silentMsMax: number, onSilent: () => void): void {
  let sinceMs: number | undefined;
  let timeouts = 0;
  const answered = () => {
    sinceMs = undefined;
    timeouts = 0;
  };
  const failed = (error: Error) => {
    if (error.message !== 'Command timed out') return answered();
    timeouts++;
    if (sinceMs === undefined || timeouts < timeoutsMin || performance.now() - sinceMs < silentMsMax) return;
    answered();
    onSilent();
    client.disconnect(true);
  };
  const send = client.sendCommand.bind(client) as (...args: Parameters<RedisClient['sendCommand']>) => unknown;
  client.sendCommand = (...args: Parameters<RedisClient['sendCommand']>) => {
    sinceMs ??= performance.now();
    args[0].promise.then(answered, failed);
    return send(...args);
  };
}
