import { forwardedHeaders, limits } from '@sluice/contracts';
import { z } from 'zod';
import { apisSchema } from './api-schema.js';
import { redisSchema } from './redis-schema.js';
import { addressRange, oneOf, text, textLike, wholeNumber, yesOrNo } from './schema-kinds.js';
import {
  accountSchema,
  apiKeyMapSchema,
  awsSchema,
  domainNamesSchema,
  lambdaSchema,
  usagePlansSchema,
} from './shared-schema.js';

const port = wholeNumber(0, 65_535, 'a port; 0 takes any free one');
const host = textLike(/^[A-Za-z0-9.:_-]{1,253}$/, 'a host name or an IP address to listen on, without port');
const hourMs = 3_600_000;
/** Alone there is no other node that clients could go to, and somebody waits at a terminal. */
export const aloneDrainWindowMs = 1_000;

const edgeSchema = z
  .strictObject({
    host: host.optional().describe('Address to listen on. Unset: 127.0.0.1 for `start` without Redis, else 0.0.0.0.'),
    port: port.default(8080).describe('Port for WebSocket clients; `@connections` answers here too.'),
    maxConnections: wholeNumber(1, 1_000_000, 'sockets')
      .optional()
      .describe('Sockets this process holds at most. Unset: 100000, or less where the file limit is lower.'),
    handshakesPerSecondMax: wholeNumber(1, 1_000_000, 'per second')
      .default(limits.handshakesPerSecondMax)
      .describe('New handshakes taken per second; over it 503 with Retry-After.'),
    handshakesBurstMax: wholeNumber(1, 1_000_000, 'handshakes')
      .default(limits.handshakesBurstMax)
      .describe('How many of them may come at one moment.'),
    trustedProxies: z
      .array(addressRange(), { error: 'allowed: a list of address ranges' })
      .default([])
      .describe(
        'Address ranges of proxies whose word on where a client comes from is believed, here and in the access logs of `@connections`.',
      ),
    proxyProtocol: z
      .strictObject({
        host: host.optional().describe('Address to listen on. Unset: that of the edge.'),
        port: port.describe('Port of its own. Each connection by it takes three open files.'),
        trustedProxies: z
          .array(addressRange(), { error: 'allowed: a list of address ranges' })
          .min(1, { error: 'allowed: a list of at least one address range' })
          .describe('Address ranges of the load balancers; everybody else is cut off.'),
      })
      .optional()
      .describe('A further port, for load balancers that speak the PROXY protocol (1 or 2), and must.'),
    forwardedHeader: oneOf(forwardedHeaders)
      .default('x-forwarded-for')
      .describe(
        'What these proxies write: `x-forwarded-for` with `-proto` and `-port`, or `forwarded` (RFC 7239). The other is the word of the client and is not read.',
      ),
    page: text(1, 4096).optional().describe('HTML file served at `GET /`, relative to this file. For development.'),
  })
  .prefault({})
  .describe('The process that holds sockets.');

const callbackSchema = z
  .strictObject({
    host: host.optional().describe('Address to listen on. Unset: 0.0.0.0.'),
    port: port.default(8082).describe('Port of `sluice callback` for `@connections`.'),
    strict413: yesOrNo().default(false).describe('Whether 413 answers have an empty body.'),
  })
  .prefault({})
  .describe('The process that serves `@connections`.');

const routerSchema = z
  .strictObject({
    inflightMax: wholeNumber(1, 1_000_000, 'messages')
      .default(limits.routerInflightMax)
      .describe('Messages in work at once; reading pauses at it.'),
    disconnectAttemptsMax: wholeNumber(1, limits.disconnectAttemptsMaxMax, 'calls')
      .default(limits.disconnectAttemptsMax)
      .describe('Calls of `$disconnect` in all, where its back end gives no answer; 1 is what AWS does.'),
  })
  .prefault({})
  .describe('The process that calls back ends.');

const drainSchema = z
  .strictObject({
    holdMs: wholeNumber(0, hourMs, 'milliseconds')
      .optional()
      .describe(
        `Edge: wait after SIGTERM before the first connection is closed. Callback: serves on for this long, ending each connection with its answer. Unset: ${limits.drainHoldMs}, or 0 for \`start\` without Redis.`,
      ),
    windowMs: wholeNumber(0, 24 * hourMs, 'milliseconds')
      .optional()
      .describe(
        `Edge: connections are closed at random moments within this time. Unset: ${limits.drainWindowMs}, or ${aloneDrainWindowMs} for \`start\` without Redis.`,
      ),
    settleMs: wholeNumber(0, hourMs, 'milliseconds')
      .default(limits.drainSettleMs)
      .describe('Edge: wait for close handshakes and for the bus at the end.'),
    workMs: wholeNumber(0, hourMs, 'milliseconds')
      .default(limits.drainWorkMs)
      .describe(
        'Router and callback: work in flight is finished for at most this long; the hold of a callback service is part of it.',
      ),
  })
  .prefault({})
  .describe('What happens on SIGTERM.');

const accessKey = z
  .strictObject({
    accessKeyId: textLike(/^\w{1,128}$/, '1 to 128 of A-Z, a-z, 0-9 and _'),
    secretAccessKey: text(1, 1024).describe('The secret; better kept in `keysFile`.'),
    sessionToken: text(1, 4096)
      .optional()
      .describe('Where set, requests must carry exactly this `X-Amz-Security-Token`.'),
    allow: z
      .array(textLike(/^(?:\*|arn:\S+)$/, 'ARN patterns such as arn:aws:execute-api:*:*:chat/dev/*, or "*"'), {
        error: 'allowed: a list of ARN patterns, or ["*"]',
      })
      .min(1, { error: 'allowed: a list of ARN patterns, or ["*"]' })
      .describe('ARN patterns of what the key may do; `"*"` is everything.'),
  })
  .describe('A key that `@connections` requests are signed with.');

export const keyListSchema = z.array(accessKey, { error: 'allowed: a list of keys' });

const authSchema = z
  .strictObject({
    callback: oneOf(['sigv4', 'none'])
      .optional()
      .describe(
        'How `@connections` requests prove who they are. Unset: `none` for `start` without Redis on loopback, else `sigv4`.',
      ),
    control: oneOf(['sigv4', 'none']).optional().describe('For processes that serve the control API; none does yet.'),
    keys: keyListSchema
      .default([])
      .describe('Keys that `@connections` requests, and handshakes of `AWS_IAM` routes, can be signed with.'),
    keysFile: text(1, 4096)
      .optional()
      .describe('A file with more keys, in the form of `keys`, relative to this file: for a mounted secret.'),
  })
  .prefault({})
  .describe('Who may call `@connections`.');

export const fileSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where editors find the JSON Schema of this file.'),
    apis: apisSchema,
    edge: edgeSchema,
    router: routerSchema,
    callback: callbackSchema,
    drain: drainSchema,
    admin: z
      .strictObject({
        host: host.default('127.0.0.1').describe('Address of health, metrics and drain. Never to be published.'),
        port: port.default(8081).describe('Port of health, metrics and drain.'),
      })
      .prefault({})
      .describe('The internal port of every process.'),
    redis: redisSchema,
    auth: authSchema,
    egress: z
      .strictObject({
        allow: z
          .array(addressRange(), { error: 'allowed: a list of address ranges' })
          .default([])
          .describe(
            'Address ranges, such as `10.0.0.0/8`, that back ends may have. Unlisted, link-local and cloud metadata addresses are always refused; loopback and private ones where a stage variable is part of the host.',
          ),
      })
      .prefault({})
      .describe('Which addresses back ends may have.'),
    aws: awsSchema,
    lambda: lambdaSchema,
    domainNames: domainNamesSchema,
    apiKeys: apiKeyMapSchema.default({}).describe('Keys that clients show, by name.'),
    apiKeysFile: text(1, 4096)
      .optional()
      .describe('A file with more keys, in the form of `apiKeys`, relative to this file: for a mounted secret.'),
    usagePlans: usagePlansSchema,
    account: accountSchema,
    reload: z
      .strictObject({
        watch: yesOrNo()
          .default(true)
          .describe(
            'Whether this file, and the files with keys that it names, are taken over when they change, as on SIGHUP. Off: on SIGHUP only.',
          ),
      })
      .prefault({})
      .describe('How a changed configuration reaches a running process.'),
    log: z
      .strictObject({
        level: oneOf(['debug', 'info', 'warn', 'error', 'silent'])
          .default('info')
          .describe('Least level that is written.'),
      })
      .prefault({})
      .describe('The log: one JSON object a line on standard output.'),
  })
  .describe('Configuration of the Sluice gateway.');

export type FileInput = z.output<typeof fileSchema>;
