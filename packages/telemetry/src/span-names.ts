/**
 * Every span and attribute of the gateway, the only place where their names are written. Names that start with `sluice.` are
 * ours; all others are of the OpenTelemetry semantic conventions in the version below, which every exported scope carries:
 * the conventions for messaging are not stable, and who reads them has to know which are meant.
 */
export const semanticConventionsUrl = 'https://opentelemetry.io/schemas/1.37.0';

export const spanNames = {
  /** SERVER: an upgrade request until its 101 or refusal. */
  handshake: 'handshake',
  /** PRODUCER: an envelope from its frame until the bus has confirmed its batch. */
  sendFrame: 'send frames',
  /** CLIENT: one read of the frame stream, linked to the producers of what it brought. */
  receive: 'receive',
  /** INTERNAL: on the stream, from its arrival there until a router works on it. */
  wait: 'wait',
  /** CONSUMER: an envelope at its router until it is settled. */
  process: 'process',
  /** INTERNAL: authorization of a handshake or message. */
  authorize: 'authorize',
  /** PRODUCER: a command of the callback service to an edge, until its outcome is known. */
  sendCommand: 'send inbox',
  /** CONSUMER: a post on its way to the socket, at the edge that holds it. */
  deliver: 'deliver',
} as const;

export const attributeNames = {
  api: 'sluice.api',
  stage: 'sluice.stage',
  route: 'sluice.route',
  connectionId: 'sluice.connection_id',
  /** How a message or an authorization ended: `ok`, or a code of the error registry. */
  result: 'sluice.result',
  /** 1 the first time; more after a router died with it. */
  deliveryCount: 'sluice.delivery_count',
  closeCode: 'sluice.close_code',
  authorizationType: 'sluice.authorization_type',
  authorizer: 'sluice.authorizer',
  integrationType: 'sluice.integration_type',

  messagingSystem: 'messaging.system',
  destination: 'messaging.destination.name',
  /** Of the frame stream its shard, of an inbox its address. */
  partition: 'messaging.destination.partition.id',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  messageId: 'messaging.message.id',
  bodySize: 'messaging.message.body.size',
  consumerGroup: 'messaging.consumer.group.name',
  batchSize: 'messaging.batch.message_count',

  protocolName: 'network.protocol.name',
  requestMethod: 'http.request.method',
  responseStatus: 'http.response.status_code',
  httpRoute: 'http.route',
  urlScheme: 'url.scheme',
  /** Without its query and without credentials. */
  urlFull: 'url.full',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  invokedFunction: 'aws.lambda.invoked_arn',
} as const;

/** Destinations by what they are; the keys of Redis that carry them hold a prefix and hash tags. */
export const destinations = { frames: 'frames', inbox: 'inbox' } as const;

/** The attributes that every span of one messaging operation has. */
export function messagingAttributes(
  operation: 'send' | 'receive' | 'process',
  destination: keyof typeof destinations,
): Record<string, string | number | boolean> {
  return {
    [attributeNames.messagingSystem]: 'redis',
    [attributeNames.destination]: destinations[destination],
    [attributeNames.operationName]: operation,
    [attributeNames.operationType]: operation,
  };
}
