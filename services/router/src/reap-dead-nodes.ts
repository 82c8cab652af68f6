import type { FrameProducer } from '@sluice/bus';
import type { ConnectionRecord, ConnectionStore } from '@sluice/connections';
import { closes, type DisconnectEnvelope, newRequestId } from '@sluice/contracts';

interface ReapParts {
  /** One for all sweeps: the bus keeps every producer it has opened, 16 KB each. */
  producer: FrameProducer;
  connections: ConnectionStore;
}

/**
 * One sweep of the survivor: for each connection of a dead node a DISCONNECT envelope goes on the stream, 1006 as for any
 * connection that broke without a close frame. A chunk is forgotten only when the stream has taken it whole.
 */
export async function reapDeadNodes({ producer, connections }: ReapParts): Promise<void> {
  // The store counts and logs what it took over.
  await connections.reapDeadNodes((records) => appendAll(records));

  function appendAll(records: ConnectionRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      let unsettled = records.length;
      if (unsettled === 0) return resolve();
      for (const record of records) {
        producer.append(disconnectOf(record), (_envelope, refusal) => {
          if (refusal !== undefined) reject(new Error(`the stream refused a $disconnect: ${refusal}`));
          unsettled -= 1;
          if (unsettled === 0) resolve();
        });
      }
    });
  }
}

function disconnectOf(record: ConnectionRecord): DisconnectEnvelope {
  return {
    kind: 'DISCONNECT',
    ...record,
    requestId: newRequestId(),
    timeMs: Date.now(),
    traceparent: undefined,
    disconnectStatusCode: closes.abnormal.code,
    disconnectReason: closes.abnormal.reason,
  };
}
