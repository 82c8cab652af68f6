import type { StageSnapshot } from '@sluice/definitions';
import { createRouteTable, InvalidExpressionError } from '@sluice/routing';

/** Whether a message is of a route with `order: connection`. Never throws. */
export type IsOrdered = (body: Uint8Array) => boolean;

/** Selects routes as a router does, for a stage that orders messages; undefined for any other. */
export function compileOrder({ api, ordersMessages }: StageSnapshot): IsOrdered | undefined {
  if (!ordersMessages) return undefined;
  try {
    const table = createRouteTable(api);
    return (body) => table.select(body)?.order === 'connection';
  } catch (error) {
    // No router selects a route by such an expression either: there is nothing whose order could be kept.
    if (error instanceof InvalidExpressionError) return undefined;
    throw error;
  }
}
