import type { Bus } from '@sluice/bus';
import type { ConnectionStore } from '@sluice/connections';
import type { DefinitionStore } from '@sluice/definitions';
import type { Telemetry } from '@sluice/telemetry';
import type { EdgeSettings } from './edge-settings.js';
import type { ServeManagement } from './socket-server.js';

/** What an edge is made of. It closes none of these: whoever opened them does. */
export interface EdgeParts {
  bus: Bus;
  connections: ConnectionStore;
  definitions: DefinitionStore;
  telemetry: Telemetry;
  settings: EdgeSettings;
  /** Answers every request that asks for no upgrade and whose path holds `/@connections`; the callback service builds it. */
  serveManagement?: ServeManagement | undefined;
  /** Has each answer to `@connections` end its connection: the drain begins, and callers are to go elsewhere. */
  drainManagement?: (() => void) | undefined;
  /** Refuses further requests to `@connections` and resolves when those in work are answered: the port is cut after that. */
  stopManagement?: (() => Promise<void>) | undefined;
}
