import { limits } from '@sluice/contracts';
import { z } from 'zod';
import {
  atOneMoment,
  description,
  oneOf,
  perSecond,
  shownByAws,
  tags,
  text,
  textLike,
  yesOrNo,
} from './schema-kinds.js';

const stageVariables = z
  .record(
    textLike(/^[A-Za-z0-9_]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9 and _'),
    textLike(/^[A-Za-z0-9\-._~:/?#&=,]{1,512}$/, '1 to 512 of A-Z, a-z, 0-9 and -._~:/?#&=,'),
    { error: 'allowed: a map of names to text' },
  )
  .default({});

const routeSettings = z.strictObject({
  throttlingRateLimit: perSecond()
    .optional()
    .describe('Messages of the route, or connects, per second. 0 refuses everything, as AWS does.'),
  throttlingBurstLimit: atOneMoment()
    .optional()
    .describe('How many may come at one moment. Unset: one second of the rate.'),
  detailedMetricsEnabled: yesOrNo().optional().describe('Metrics by route; this gateway always has them.'),
  loggingLevel: oneOf(['OFF', 'ERROR', 'INFO']).optional().describe('Execution log. Unset: `OFF`.'),
  dataTraceEnabled: yesOrNo().optional().describe('Payloads in the execution log, with `INFO`.'),
});

const accessLogSettings = z
  .strictObject({
    format: text(1, limits.accessLogFormatBytesMax)
      .optional()
      .describe('One line with `$context` variables, `$context.requestId` or `$context.extendedRequestId` among them.'),
    destinationArn: textLike(
      /^(?:stdout|file:\/\/\/\S+|https?:\/\/\S+|arn:\S+)$/,
      'stdout, file:///path, an http(s) URL, or an ARN',
    )
      .optional()
      .describe('`stdout`, `file:///…`, an http(s) address, or an ARN, whose lines go to the process log.'),
  })
  .describe('One line for each handshake, message, disconnect and `@connections` call. Empty: none.');

const origin = textLike(
  /^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/(?:\*\.)?(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?)$/i,
  'an origin such as https://app.example.com, without path; https://*.example.com for those below it; null; *',
);

export const stageSchema = z
  .strictObject({
    stageName: text(1, 128).optional().describe('As the key it stands under.'),
    stageVariables: stageVariables.describe(
      `Values for \`\${stageVariables.name}\`, at most ${limits.stageVariablesMax}.`,
    ),
    defaultRouteSettings: routeSettings
      .optional()
      .describe('For routes that do not say otherwise; each has its own bucket.'),
    routeSettings: z
      .record(text(1, limits.routeKeyLengthMax), routeSettings.describe('Over `defaultRouteSettings`.'), {
        error: 'allowed: a map of route keys to settings',
      })
      .optional()
      .describe('By route key.'),
    accessLogSettings: accessLogSettings.optional(),
    allowedOrigins: z
      .array(origin, { error: 'allowed: a list of origins' })
      .min(1, { error: 'allowed: a list of at least one origin; leave the key out to let all in' })
      .optional()
      .describe('Whose pages may connect: values of `Origin`, `https://*.example.com` too. Unset: any.'),
    autoDeploy: yesOrNo().optional().describe('Accepted and without effect: the file is what is deployed.'),
    deploymentId: text(1, 128).optional().describe('Accepted and without effect: the file is what is deployed.'),
    clientCertificateId: text(1, 128).optional().describe('Stored and not presented to back ends, as AWS does here.'),
    description,
    tags,
    createdDate: shownByAws,
    lastUpdatedDate: shownByAws,
    lastDeploymentStatusMessage: shownByAws,
    apiGatewayManaged: shownByAws,
  })
  .nullable()
  .describe('A stage; empty is enough.');

export type StageInput = z.output<typeof stageSchema>;
