import { defaultApiLimits, limits } from '@sluice/contracts';
import { z } from 'zod';
import { integrationSchema } from './integration-schema.js';
import { description, oneOf, tags, text, textLike, wholeNumber, yesOrNo } from './schema-kinds.js';

const dayMs = 86_400_000;

export const apiIdForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const apiId = textLike(apiIdForm, '1 to 63 of a-z, 0-9 and -, since it can be the first label of a host name');
const nameForm = textLike(/^[A-Za-z0-9_-]{1,128}$/, '1 to 128 of A-Z, a-z, 0-9, _ and -');
const routeKeyAllowed = `1 to ${limits.routeKeyLengthMax} characters; of those that begin with $ only $connect, $disconnect, $default`;
const routeKey = textLike(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  /^(?:\$connect|\$disconnect|\$default|(?!\$)[^\u0000-\u001f\u007f]{1,128})$/,
  routeKeyAllowed,
);

const routeResponse = z
  .strictObject({
    routeResponseKey: textLike(/^\$default$/, '$default')
      .optional()
      .describe('As the key it stands under.'),
  })
  .nullable()
  .describe('Present: the answer of the integration is sent to the client.');

const routeObject = z.strictObject({
  routeKey: routeKey.optional().describe('As the key it stands under.'),
  integration: z
    .union([text(1, 2048), integrationSchema], {
      error: 'allowed: the name of an integration, a URL, or an integration',
    })
    .optional()
    .describe('Name of an integration, a URL (short for `HTTP_PROXY` with POST), or an integration written out here.'),
  target: textLike(/^integrations\/.+$/, 'integrations/<name of an integration>')
    .optional()
    .describe('The AWS form of `integration`: `integrations/<name>`.'),
  routeResponse: yesOrNo().optional().describe('`true` sends the answer of the integration to the client.'),
  routeResponses: z
    .strictObject({ $default: routeResponse.optional() })
    .optional()
    .describe('The AWS form of `routeResponse`: `{ $default: {} }`.'),
  routeResponseSelectionExpression: textLike(/^\$default$/, '$default')
    .optional()
    .describe('Always `$default`.'),
  authorizationType: oneOf(['NONE']).optional().describe('Only `NONE` in this version.'),
  apiKeyRequired: z
    .literal(false, { error: 'allowed: false (API keys are not available in this version)' })
    .optional()
    .describe('Only `false` in this version.'),
  operationName: text(0, 64).optional().describe('For people; the gateway does not use it.'),
});

const routeSchema = z
  .union([text(1, 2048), routeObject], { error: 'allowed: the name of an integration, a URL, or a map' })
  .describe('Name of an integration, a URL (short for `HTTP_PROXY` with POST), or a map.');

const stageVariables = z
  .record(
    textLike(/^[A-Za-z0-9_]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9 and _'),
    textLike(/^[A-Za-z0-9\-._~:/?#&=,]{1,512}$/, '1 to 512 of A-Z, a-z, 0-9 and -._~:/?#&=,'),
    { error: 'allowed: a map of names to text' },
  )
  .default({});

const stageSchema = z
  .strictObject({
    stageVariables: stageVariables.describe('Values for `${stageVariables.name}`, at most 100.'),
    autoDeploy: yesOrNo().optional().describe('Accepted and without effect: the file is what is deployed.'),
    description,
    tags,
  })
  .nullable()
  .describe('A stage; empty is enough.');

const apiLimitsSchema = z
  .strictObject({
    messageBytesMax: wholeNumber(1, limits.transportMessageBytesMax, 'bytes')
      .default(defaultApiLimits.messageBytesMax)
      .describe('Largest message from or to a client.'),
    idleTimeoutMs: wholeNumber(0, 7 * dayMs, 'milliseconds, 0 is off')
      .default(defaultApiLimits.idleTimeoutMs)
      .describe('A connection without any message, ping or delivery for this long is closed with 1001.'),
    connectionDurationMs: wholeNumber(0, 7 * dayMs, 'milliseconds, 0 is off')
      .default(defaultApiLimits.connectionDurationMs)
      .describe('How long a connection may live in all.'),
    pingIntervalMs: wholeNumber(0, dayMs, 'milliseconds, 0 is off')
      .default(defaultApiLimits.pingIntervalMs)
      .describe('How often the gateway pings a client.'),
  })
  .prefault({})
  .describe('Limits of this API.');

export const apiSchema = z
  .strictObject({
    name: text(1, 128).optional().describe('Unset: the API id.'),
    protocolType: oneOf(['WEBSOCKET']).optional().describe('Always `WEBSOCKET`.'),
    routeSelectionExpression: text(1, 1024)
      .default('$request.body.action')
      .describe('Which part of a message names its route.'),
    apiKeySelectionExpression: textLike(/^\$request\.header\.x-api-key$/, '$request.header.x-api-key')
      .optional()
      .describe('Only `$request.header.x-api-key`.'),
    default: yesOrNo()
      .default(false)
      .describe('Whether an address without an API id means this API, where several are defined.'),
    disableExecuteApiEndpoint: yesOrNo().default(false).describe('Whether the API answers only under custom domains.'),
    limits: apiLimitsSchema,
    integrations: z
      .record(nameForm, integrationSchema, { error: 'allowed: a map of names to integrations' })
      .default({})
      .describe('Back ends by name; routes refer to them.'),
    routes: z
      .record(routeKey, routeSchema, { error: 'allowed: a map of route keys to routes' })
      .describe('By route key: `$connect`, `$disconnect`, `$default`, and your own.'),
    stages: z
      .record(nameForm, stageSchema, { error: 'allowed: a map of stage names to stages' })
      .describe('By stage name: 1 to 128 of A-Z, a-z, 0-9, _ and -.'),
    description,
    tags,
    version: text(0, 64).optional().describe('For people; the gateway does not use it.'),
  })
  .describe('An API.');

export const apisSchema = z
  .record(apiId, apiSchema, { error: 'allowed: a map of API ids to APIs' })
  .describe('The APIs, by API id.');

export type ApiInput = z.output<typeof apiSchema>;
export type RouteInput = z.output<typeof routeSchema>;
