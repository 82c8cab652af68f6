import { limits } from '@sluice/contracts';
import { z } from 'zod';
import {
  atOneMoment,
  description,
  nameForm,
  oneOf,
  perSecond,
  shownByAws,
  tags,
  text,
  textLike,
  wholeNumber,
  yesOrNo,
} from './schema-kinds.js';

/** Where this gateway says it is, where nobody has said. */
export const defaultPlace = { region: 'us-east-1', accountId: '000000000000' } as const;

export const domainNameForm = textLike(
  /^(?=.{1,253}$)(?:\*\.)?[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$/,
  'a domain name such as ws.example.com or *.example.com, without port',
);

const mappingKey = textLike(
  new RegExp(`^[A-Za-z0-9$\\-_.+!*'()]{0,${limits.apiMappingKeyLengthMax}}$`),
  `one path segment of at most ${limits.apiMappingKeyLengthMax} of A-Z, a-z, 0-9 and $-_.+!*'(), or "" for the domain itself`,
);

const stageReference = {
  api: text(1, 128).optional().describe('API id.'),
  apiId: text(1, 128).optional().describe('The AWS form of `api`.'),
  stage: text(1, 128).describe('Name of a stage of that API.'),
};

const apiMapping = z
  .strictObject({
    ...stageReference,
    apiMappingKey: text(0, limits.apiMappingKeyLengthMax).optional().describe('As the key it stands under.'),
    apiMappingId: shownByAws,
  })
  .describe('By mapping key, the first path segment; `""` is the domain itself.');

const domainName = z
  .strictObject({
    apiMappings: z
      .record(mappingKey, apiMapping, { error: 'allowed: a map of mapping keys to { api, stage }' })
      .default({})
      .describe('Which stage each first path segment means.'),
    domainName: text(1, 253).optional().describe('As the key it stands under.'),
    apiMappingSelectionExpression: textLike(/^\$request\.basepath$/, '$request.basepath')
      .optional()
      .describe('Always `$request.basepath`.'),
    routingMode: oneOf(['API_MAPPING_ONLY']).optional().describe('Always `API_MAPPING_ONLY`.'),
    domainNameConfigurations: z
      .array(z.record(z.string(), z.unknown()))
      .optional()
      .describe('Certificates and endpoints of AWS: stored. TLS ends in front of the gateway.'),
    domainNameArn: shownByAws,
    tags,
  })
  .describe('A custom domain, `ws.example.com` or `*.example.com`.');

export const domainNamesSchema = z
  .record(domainNameForm, domainName, { error: 'allowed: a map of domain names to { apiMappings }' })
  .default({})
  .describe('Custom domains; each leads to stages by mapping key.');

const apiKey = z
  .strictObject({
    value: text(20, 128).describe('What clients send; better kept in `apiKeysFile`.'),
    enabled: yesOrNo().default(true).describe('Whether it lets anybody in.'),
    name: text(1, 1024).optional().describe('Unset: the key it stands under.'),
    id: shownByAws,
    customerId: shownByAws,
    createdDate: shownByAws,
    lastUpdatedDate: shownByAws,
    stageKeys: shownByAws,
    description,
    tags,
  })
  .describe('A key that clients show in `x-api-key`; it counts only together with a usage plan.');

export const apiKeyMapSchema = z.record(nameForm, apiKey, { error: 'allowed: a map of names to { value, enabled }' });

const throttle = z
  .strictObject({
    rateLimit: perSecond().describe('Connects and messages of one key per second.'),
    burstLimit: atOneMoment().describe('How many may come at one moment.'),
  })
  .describe('Rate of each key.');

const quota = z
  .strictObject({
    limit: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'per period').describe(
      'Connects and messages of one key per period.',
    ),
    offset: wholeNumber(0, Number.MAX_SAFE_INTEGER, 'in the first period')
      .default(0)
      .describe('Counted already at the start of the first period.'),
    period: oneOf(['DAY', 'WEEK', 'MONTH']).describe('In UTC; weeks begin on Sunday.'),
  })
  .describe('How much each key may use.');

const usagePlan = z
  .strictObject({
    apiStages: z
      .array(z.strictObject(stageReference), { error: 'allowed: a list of { api, stage }' })
      .default([])
      .describe('Stages that the keys of the plan may use.'),
    apiKeys: z
      .array(text(1, 128), { error: 'allowed: a list of names of apiKeys' })
      .default([])
      .describe('Names of keys in `apiKeys`.'),
    throttle: throttle.optional(),
    quota: quota.optional(),
    name: text(1, 255).optional().describe('Unset: the key it stands under.'),
    id: shownByAws,
    productCode: shownByAws,
    description,
    tags,
  })
  .describe('Which keys may use which stages, and how much.');

export const usagePlansSchema = z
  .record(nameForm, usagePlan, { error: 'allowed: a map of names to usage plans' })
  .default({})
  .describe('Which API keys may use which stages, and how much.');

export const accountSchema = z
  .strictObject({
    throttlingRateLimit: perSecond()
      .optional()
      .describe('Messages and `@connections` calls per second, all APIs together. Unset: no limit; AWS has 10000.'),
    throttlingBurstLimit: atOneMoment()
      .optional()
      .describe('How many may come at one moment. Unset: one second of the rate; AWS has 5000.'),
    connectRateLimit: perSecond()
      .optional()
      .describe('New connections per second, all APIs together. Unset: no limit; AWS has 500.'),
    connectBurstLimit: atOneMoment()
      .optional()
      .describe('How many may come at one moment. Unset: one second of the rate; AWS has 500.'),
    throttleZeroMeansUnset: yesOrNo()
      .default(false)
      .describe(
        'Whether a throttle of 0 in stage settings counts as unset: Terraform writes 0 for what was left out, and AWS then refuses everything.',
      ),
  })
  .prefault({})
  .describe('What all APIs may take together.');

export const lambdaSchema = z
  .strictObject({
    endpoint: text(1, 2048)
      .optional()
      .describe('Base URL that speaks the Lambda Invoke API, for all functions. Unset, with `aws.credentials`: AWS.'),
    functions: z
      .record(
        textLike(
          /^(?:arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[A-Za-z0-9_-]{1,140}(?::[A-Za-z0-9_$-]{1,128})?$/,
          'the name of a function, name:alias, or its ARN',
        ),
        text(1, 2048).describe('Its URL: with a path called as it is, without one as the Invoke API.'),
        { error: 'allowed: a map of function names to URLs' },
      )
      .default({})
      .describe('Where single functions are, over `endpoint`: by name, `name:alias` or ARN.'),
  })
  .prefault({})
  .describe('Where functions are invoked.');

export const credentialsSchema = z
  .strictObject({
    accessKeyId: textLike(/^\w{1,128}$/, '1 to 128 of A-Z, a-z, 0-9 and _').describe('Or SLUICE_AWS_ACCESS_KEY_ID.'),
    secretAccessKey: text(1, 1024).describe('Or SLUICE_AWS_SECRET_ACCESS_KEY, or in `aws.credentialsFile`.'),
    sessionToken: text(1, 8192).optional().describe('Or SLUICE_AWS_SESSION_TOKEN.'),
  })
  .describe('What calls of functions and AWS services are signed with.');

export const awsSchema = z
  .strictObject({
    region: textLike(/^[a-z0-9-]{1,64}$/, 'a region such as us-east-1')
      .default(defaultPlace.region)
      .describe('Region in ARNs, and in signatures of `@connections` requests.'),
    accountId: textLike(/^\d{12}$/, '12 digits, in quotes')
      .default(defaultPlace.accountId)
      .describe('Account in ARNs. In quotes, since YAML takes it for a number otherwise.'),
    credentials: credentialsSchema.optional(),
    credentialsFile: text(1, 4096)
      .optional()
      .describe('A file in the form of `credentials`, relative to this file: for a mounted secret.'),
    endpoints: z
      .record(
        textLike(/^[a-z0-9.-]{1,64}$/, 'the name of a service, such as sqs'),
        text(1, 2048).describe('Its URL.'),
        {
          error: 'allowed: a map of service names to URLs',
        },
      )
      .default({})
      .describe('Where `AWS` integrations go, by service. Unset: `https://<service>.<region>.amazonaws.com`.'),
  })
  .prefault({})
  .describe('How this gateway calls itself in ARNs, and how it calls AWS.');
