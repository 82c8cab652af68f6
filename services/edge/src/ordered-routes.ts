import type { StageSnapshot } from '@sluice/definitions';
import { compileRouteMention, createRouteTable, InvalidExpressionError } from '@sluice/routing';

/** Whether a message is of a route with `order: connection`. Never throws. */
export type IsOrdered = (body: Uint8Array) => boolean;

/**
 * Selects routes as a router does, for a stage that orders messages; undefined for any other. Bodies are parsed only where they
 * may be of an ordered route and may be of another.
 */
export function compileOrder({ api, ordersMessages }: StageSnapshot): IsOrdered | undefined {
  if (!ordersMessages) return undefined;
  const keys = Object.keys(api.routes).filter((key) => key !== '$connect' && key !== '$disconnect');
  const ordered = keys.filter((key) => api.routes[key]?.order === 'connection');
  try {
    const table = createRouteTable(api);
    // With `$default` among them, there is no message that is of none.
    if (ordered.length === keys.length && ordered.includes('$default')) return () => true;
    const mayMention = compileRouteMention(api.routeSelectionExpression, ordered);
    const isOrdered: IsOrdered = (body) => table.select(body)?.order === 'connection';
    return mayMention === undefined ? isOrdered : (body) => mayMention(body) && isOrdered(body);
  } catch (error) {
    // No router selects a route by such an expression either: there is nothing whose order could be kept.
    if (error instanceof InvalidExpressionError) return undefined;
    throw error;
  }
}
