import { defaultApiLimits, limits } from '@sluice/contracts';
import { z } from 'zod';
import { authorizerSchema, modelNameForm, modelSchema } from './authorizer-schema.js';
import { integrationSchema } from './integration-schema.js';
import { routeKey, routeSchema } from './route-schema.js';
import {
  description,
  nameForm,
  oneOf,
  shownByAws,
  tags,
  text,
  textLike,
  wholeNumber,
  yesOrNo,
} from './schema-kinds.js';
import { stageSchema } from './stage-schema.js';

const dayMs = 86_400_000;

export const apiIdForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const apiId = textLike(apiIdForm, '1 to 63 of a-z, 0-9 and -, since it can be the first label of a host name');
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
    connectionDurationJitterPercent: wholeNumber(0, limits.connectionDurationJitterPercentMax, 'percent, 0 is off')
      .default(defaultApiLimits.connectionDurationJitterPercent)
      .describe(
        'Up to so much of `connectionDurationMs` is taken off at random, so that clients that came together do not come back together.',
      ),
    handshakesPerSecondMax: wholeNumber(0, 1_000_000, 'per second, 0 is no bound but that of the edge')
      .default(defaultApiLimits.handshakesPerSecondMax)
      .describe('New handshakes of this API that one edge takes per second; over it 503 with Retry-After.'),
    handshakesBurstMax: wholeNumber(0, 1_000_000, 'handshakes, 0 is two seconds of the rate')
      .default(defaultApiLimits.handshakesBurstMax)
      .describe('How many of them may come at one moment.'),
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
    apiKeySelectionExpression: oneOf(['$request.header.x-api-key', '$context.authorizer.usageIdentifierKey'])
      .default('$request.header.x-api-key')
      .describe('Where the API key comes from.'),
    default: yesOrNo()
      .default(false)
      .describe('Whether an address without an API id means this API, where several are defined.'),
    disableExecuteApiEndpoint: yesOrNo().default(false).describe('Whether the API answers only under custom domains.'),
    namedOnly: yesOrNo()
      .default(false)
      .describe(
        'Whether the API answers only under addresses that name it. It does not count then where `/{stage}` means the only API.',
      ),
    disableSchemaValidation: yesOrNo()
      .default(false)
      .describe('Whether models are taken without a check of their schemas.'),
    binaryFrames: yesOrNo()
      .default(false)
      .describe(
        'Whether binary frames are taken and sent. Off: a client that sends one is closed with 1003, as AWS does.',
      ),
    limits: apiLimitsSchema,
    authorizers: z
      .record(nameForm, authorizerSchema, { error: 'allowed: a map of names to authorizers' })
      .default({})
      .describe('By name; routes refer to them.'),
    models: z
      .record(modelNameForm, modelSchema, { error: 'allowed: a map of names to models' })
      .default({})
      .describe('By name, of letters and digits; routes refer to them.'),
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
    ipAddressType: oneOf(['ipv4', 'dualstack']).optional().describe('Accepted and without effect.'),
    apiId: text(1, 128).optional().describe('As the key it stands under.'),
    apiEndpoint: shownByAws,
    apiGatewayManaged: shownByAws,
    createdDate: shownByAws,
    importInfo: shownByAws,
    warnings: shownByAws,
  })
  .describe('An API.');

export const apisSchema = z
  .record(apiId, apiSchema, { error: 'allowed: a map of API ids to APIs' })
  .describe('The APIs, by API id.');

export type ApiInput = z.output<typeof apiSchema>;
