import { limits } from '@sluice/contracts';
import { type HeaderPairs, maskedHeaderList, maskedUri } from './masking.js';

/**
 * The texts of spec 12 §12.4 and 03 §3.5, by moment. Those that show what a request carries are for `ExecutionLog.payload`
 * (marked so), those under `failure` for `error`, the others for `info`.
 */
export const executionTexts = {
  extendedRequestId: (id: string) => `Extended Request Id: ${id}`,

  connecting: (userAgent: string, sourceIp: string, apiId: string) =>
    `Client [UserAgent: ${userAgent}, SourceIp: ${sourceIp}] is connecting to WebSocket API [${apiId}].`,
  startingExecution: (requestId: string) => `Starting execution for request: ${requestId}`,
  route: (routeKey: string) => `WebSocket Request Route: [${routeKey}]`,
  messageReceived: (apiId: string, connectionId: string) =>
    `WebSocket API [${apiId}] received message from client [Connection Id: ${connectionId}].`,

  endpointUri: (uri: string) => `Endpoint request URI: ${maskedUri(uri)}`,
  /** Payload. */
  endpointRequestHeaders: (headers: HeaderPairs) => `Endpoint request headers: ${maskedHeaderList(headers)}`,
  /** Payload. */
  endpointRequestBody: (body: Uint8Array) => `Endpoint request body after transformations: ${bodyText(body)}`,
  endpointRequestId: (id: string) => `AWS Integration Endpoint RequestId : ${id}`,
  endpointAnswered: (status: number, latencyMs: number) =>
    `Received response. Status: ${status}, Integration latency: ${Math.round(latencyMs)} ms`,
  /** Payload. */
  endpointResponseHeaders: (headers: HeaderPairs) => `Endpoint response headers: ${maskedHeaderList(headers)}`,
  /** Payload. */
  endpointResponseBody: (body: Uint8Array) => `Endpoint response body before transformations: ${bodyText(body)}`,

  connected: (connectionId: string, apiId: string) =>
    `Client [Connection Id: ${connectionId}] connected to API [${apiId}] successfully.`,
  messageSent: (connectionId: string, apiId: string, status: number) =>
    `Message from client [Connection Id: ${connectionId}] sent to API [${apiId}] with response status code [${status}].`,
  /** `integrationStatus`: undefined where the API has no `$disconnect` integration. */
  disconnected(
    connectionId: string,
    apiId: string,
    close: { code: number; reason: string },
    integrationStatus?: number,
  ): string {
    const status =
      integrationStatus === undefined ? '' : ` with integration response status code [${integrationStatus}]`;
    const reason = close.code === 1005 && close.reason === '' ? 'Client-side close frame status not set' : close.reason;
    return `Client [Connection Id: ${connectionId}] disconnected from API [${apiId}]${status}. Close reason: [${close.code}: ${reason}]`;
  },

  /** Payload. */
  callbackBody: (body: Uint8Array) => `Connection API request body: ${bodyText(body)}`,
  callbackCompleted: (status: number) => `Connection API request completed with status: ${status}`,
} as const;

/** The lines of level ERROR. */
export const failureTexts = {
  callbackFailed: (exception: string) => `Connection API request failed: ${exception}`,
  execution: (reason: string) => `Execution failed: ${reason}`,
  configuration: (reason: string) => `Execution failed due to configuration error: ${reason}`,
  timeout: () => 'Execution failed due to a timeout error',
  functionError: (message: string, lambdaRequestId: string) =>
    `Lambda execution failed due to customer function error: ${message}. Lambda request id: ${lambdaRequestId}`,
  integrationStatus: (status: number) => `Integration returned status: ${status}`,
  /** `detail`: what a request validator of `packages/models` said. */
  validation: (contentType: string, detail: string) =>
    `Request body does not match model schema for content type ${contentType}: ${detail}`,
} as const;

// A line shows a thousand bytes at most; the rest of a body is not even decoded.
function bodyText(body: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = body;
  return Buffer.from(buffer, byteOffset, Math.min(byteLength, limits.executionLogBytesMax + 4)).toString('utf8');
}
