import { compileRouteSelectionExpression } from './route-selection-expression.js';

/** The routes of one API as the router looks them up. */
export interface RouteTable<R> {
  /** The route of a message; undefined where none matches and there is no `$default`: the client gets `Forbidden`. */
  select(body: Uint8Array): R | undefined;
  readonly connect: R | undefined;
  readonly disconnect: R | undefined;
}

/**
 * Compiles the expression and indexes the routes of an API. Throws `InvalidExpressionError`. A client's value is compared
 * exactly; `$connect` and `$disconnect` cannot be reached by sending their names (spec 02 §2.2).
 */
export function createRouteTable<R>(api: {
  routeSelectionExpression: string;
  /** By route key. */
  routes: Record<string, R>;
}): RouteTable<R> {
  const selectValue = compileRouteSelectionExpression(api.routeSelectionExpression);
  const routes = new Map(Object.entries(api.routes));
  const connect = routes.get('$connect');
  const disconnect = routes.get('$disconnect');
  const fallback = routes.get('$default');
  routes.delete('$connect');
  routes.delete('$disconnect');
  return {
    connect,
    disconnect,
    select(body) {
      const value = selectValue(body);
      return value === undefined ? fallback : (routes.get(value) ?? fallback);
    },
  };
}
