import type { Bus } from '@sluice/bus';
import type { ConnectionRecord, ConnectionStore } from '@sluice/connections';
import { closes, type DisconnectEnvelope, newRequestId } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import type { Telemetry } from '@sluice/telemetry';

interface ReapParts {
  bus: Bus;
  connections: ConnectionStore;
  definitions: DefinitionStore;
  telemetry: Telemetry;
}

/**
 * One sweep of the survivor: for each connection of a dead node a DISCONNECT envelope goes on the stream, 1006 as for any
 * connection that broke without a close frame. A chunk is forgotten only when the stream has taken it whole.
 */
export async function reapDeadNodes({ bus, connections, telemetry }: ReapParts): Promise<void> {
  const producer = bus.openProducer('');
  const reaped = await connections.reapDeadNodes((records) => appendAll(records));
  if (reaped.nodes === 0) return;
  telemetry.metrics.reapedConnectionsTotal.inc(reaped.connections);
  telemetry.log.warn(
    'connections.reaped',
    `took over ${reaped.nodes} dead nodes with ${reaped.connections} connections`,
    {
      count: reaped.connections,
    },
  );

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
