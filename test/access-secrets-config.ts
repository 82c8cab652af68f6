import { testKey } from '@sluice/testkit';
import { functionUri } from './fake-functions.js';

/** What proves who somebody is, and what authorizers say in confidence; each stands in one place. */
export const planted = {
  queryToken: 'pLaNtEd-query-token-31-end',
  refusedToken: 'pLaNtEd-refused-token-32-end',
  echoedToken: 'pLaNtEd-echoed-token-33-end',
  messageToken: 'pLaNtEd-message-token-34-end',
  confidence: 'pLaNtEd-context-35-end',
  apiKey: 'pLaNtEd-api-key-36-of-a-plan-end',
  wrongKey: 'pLaNtEd-wrong-key-37-of-nobody-end',
  awsSecret: 'pLaNtEd-aws-secret-38-end',
  awsSession: 'pLaNtEd-aws-session-39-end',
  frame: 'pLaNtEd-frame-40-end',
  answer: 'pLaNtEd-answer-41-end',
  sessionToken: 'pLaNtEd-session-42-end',
};

/** Where the parts of the world are that `accessConfig` names. */
export interface Places {
  issuerUrl: string;
  functionsUrl: string;
  /** Back end, HTTP authorizer and SQS. */
  serviceUrl: string;
}

/** Four APIs, one for each way to prove who one is, with all logs on but the data trace. */
export function accessConfig(places: Places) {
  const { functionsUrl, serviceUrl } = places;
  const stages = {
    dev: {
      defaultRouteSettings: { loggingLevel: 'INFO' },
      accessLogSettings: {
        destinationArn: 'stdout',
        format:
          '{"id":"$context.requestId","route":"$context.routeKey","status":"$context.status","who":"$context.authorizer.principalId","key":"$context.identity.apiKeyId","error":"$context.error.message $context.authorizer.error $context.integrationErrorMessage $context.error.validationErrorString"}',
      },
    },
  };
  const base = { routeSelectionExpression: '$request.body.action', stages };
  const signed = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: planted.awsSecret, sessionToken: planted.awsSession };
  return {
    auth: { callback: 'sigv4', keys: [{ ...testKey, sessionToken: planted.sessionToken }] },
    log: { level: 'debug' },
    lambda: { endpoint: functionsUrl },
    aws: { credentials: signed, endpoints: { sqs: `${serviceUrl}/sqs` } },
    apiKeys: { gold: { value: planted.apiKey } },
    usagePlans: {
      plan: {
        apiStages: [{ api: 'keyed', stage: 'dev' }],
        apiKeys: ['gold'],
        quota: { limit: 4, period: 'DAY' },
      },
    },
    apis: {
      keyed: keyedApi(base, places),
      header: { ...base, routes: { $connect: { apiKeyRequired: true } } },
      token: tokenApi(base, places),
      iam: { ...base, routes: { $connect: { authorizationType: 'AWS_IAM' } } },
    },
  };
}

interface Base {
  routeSelectionExpression: string;
  stages: object;
}

function keyedApi(base: Base, { serviceUrl }: Places) {
  return {
    ...base,
    apiKeySelectionExpression: '$context.authorizer.usageIdentifierKey',
    authorizers: {
      auth: {
        authorizerType: 'REQUEST',
        authorizerUri: functionUri('auth'),
        identitySource: ['route.request.querystring.token'],
      },
    },
    models: { m: { contentType: 'application/json', schema: '{"type":"object","required":["absent"]}' } },
    integrations: {
      backend: { integrationType: 'HTTP_PROXY', integrationUri: `${serviceUrl}/backend` },
      queue: {
        integrationType: 'AWS',
        integrationUri: 'arn:aws:apigateway:us-east-1:sqs:action/SendMessage',
        requestTemplates: { $default: '$input.body' },
      },
      broken: {
        integrationType: 'MOCK',
        requestTemplates: { $default: '#foreach($n in [1..2000])$input.body#end' },
      },
    },
    routes: {
      $connect: { integration: 'backend', authorizationType: 'CUSTOM', authorizer: 'auth', apiKeyRequired: true },
      $default: 'backend',
      queue: 'queue',
      broken: 'broken',
      modelled: {
        integration: 'backend',
        modelSelectionExpression: 'm',
        requestModels: { m: 'm' },
      },
    },
  };
}

function tokenApi(base: Base, { issuerUrl, serviceUrl }: Places) {
  const jwtConfiguration = { issuer: issuerUrl, audience: ['chat'], jwksUri: `${issuerUrl}/keys` };
  const token = ['header.Authorization', 'querystring.token', 'header.Sec-WebSocket-Protocol', 'body.token'];
  return {
    ...base,
    authorizers: {
      jwt: {
        authorizerType: 'JWT',
        identitySource: token.map((place) => `route.request.${place}`),
        jwtConfiguration,
      },
      http: {
        authorizerType: 'REQUEST',
        authorizerUri: `${serviceUrl}/authorizer`,
        identitySource: ['route.request.body.token'],
      },
    },
    integrations: { backend: { integrationType: 'HTTP_PROXY', integrationUri: `${serviceUrl}/backend` } },
    routes: {
      $connect: { integration: 'backend', authorizationType: 'JWT', authorizer: 'jwt' },
      renew: { integration: 'backend', authorizationType: 'JWT', authorizer: 'jwt' },
      asked: { integration: 'backend', authorizationType: 'CUSTOM', authorizer: 'http' },
    },
  };
}
