/**
 * What a client asks of the back end, so that the suite needs no other way to it than through the gateway. Handshakes carry it
 * as the query parameter `script`, messages as the member `script` of their body, both as JSON.
 */
export interface Script {
  /** Wait before anything else, ms. */
  sleepMs?: number;
  /** A function's result as it stands; an HTTP back end sends it as its body. */
  result?: unknown;
  /** The same as text, for results that are not JSON. */
  raw?: string;
  /** Blanks put behind a result, to make it large. */
  padBytes?: number;
  /** A function fails with this. */
  fails?: { errorMessage: string; errorType?: string };
  /** The result is a proxy response whose body is the event as JSON. */
  echo?: boolean;
  /** Status of an HTTP back end, or of the Invoke API itself. */
  status?: number;
  /** Headers of an HTTP back end. */
  headers?: Record<string, string | string[]>;
  /** Bytes that an HTTP back end puts on the connection in place of an answer, before it ends it. */
  wire?: string;
  /** An HTTP back end cuts the connection instead of answering. */
  cuts?: boolean;
}

/** The script inside an event or request; empty where there is none. */
export function scriptOf(query: Record<string, string | undefined> | undefined, name: string, body: string): Script {
  const fromQuery = parse(query?.[name]);
  if (fromQuery !== undefined) return fromQuery as Script;
  const message = parse(body);
  if (typeof message === 'object' && message !== null && name in message) {
    return (message as Record<string, Script>)[name] ?? {};
  }
  return {};
}

function parse(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
