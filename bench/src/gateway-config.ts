import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mockReply } from './message.js';
import type { AccessKey } from './post-load.js';

export const stage = 'dev';
export const benchKey: AccessKey = {
  accessKeyId: 'AKIDBENCH00000000000',
  secretAccessKey: 'bench-secret-of-this-run-only',
};

/** The files that gateways are started with. */
export interface GatewayConfigs {
  /** `@connections` wants signatures. */
  secured: string;
  open: string;
  /** Functions are invoked with signed calls. */
  signing: string;
  /** Every route hands a connection's messages over one by one: an edge then selects the route of each message too. */
  ordered: string;
  /** Three APIs that differ in what a handshake costs, and no limit of handshakes per second. */
  handshakes: string;
}

/** `order` and everything else that costs is left at its default unless it is what is measured: it is what a user gets. */
export async function writeConfigs(directory: string, backEndPort: number): Promise<GatewayConfigs> {
  const apis = { bench: echoApi(backEndPort) };
  const auth = { callback: 'none' };
  return {
    secured: await writeConfig(directory, 'secured', {
      apis,
      auth: { callback: 'sigv4', keys: [{ ...benchKey, allow: ['*'] }] },
      lambda: functionsAt(backEndPort),
    }),
    open: await writeConfig(directory, 'open', { apis, auth, lambda: functionsAt(backEndPort) }),
    signing: await writeConfig(directory, 'signing', {
      apis,
      auth,
      lambda: functionsAt(backEndPort),
      aws: { credentials: benchKey },
    }),
    ordered: await writeConfig(directory, 'ordered', {
      apis: { bench: echoApi(backEndPort, { order: 'connection' }) },
      auth,
      lambda: functionsAt(backEndPort),
    }),
    handshakes: await writeConfig(directory, 'handshakes', {
      apis: handshakeApis(backEndPort),
      auth,
      edge: { handshakesPerSecondMax: 1_000_000, handshakesBurstMax: 1_000_000 },
    }),
  };
}

/** JSON is YAML, so no writer of YAML is needed. */
async function writeConfig(directory: string, name: string, config: object): Promise<string> {
  const path = join(directory, `bench-${name}.yaml`);
  await writeFile(path, JSON.stringify(config, undefined, 2));
  return path;
}

function functionsAt(backEndPort: number): object {
  return { endpoint: `http://127.0.0.1:${backEndPort}` };
}

function echoApi(backEndPort: number, routeMembers = {}): object {
  const backEnd = (path: string) => ({
    integrationType: 'HTTP_PROXY',
    integrationMethod: 'POST',
    integrationUri: `http://127.0.0.1:${backEndPort}${path}`,
  });
  const routeTo = (integration: string) => ({ integration, routeResponse: true, ...routeMembers });
  return {
    routeSelectionExpression: '$request.body.action',
    integrations: {
      echo: backEnd('/echo'),
      id: backEnd('/id'),
      mock: mockOf(mockReply),
      mapped: mappedEcho(backEndPort),
      function: functionOf('echo'),
      signedFunction: functionOf('echo-signed'),
    },
    routes: {
      echo: routeTo('echo'),
      id: routeTo('id'),
      mock: routeTo('mock'),
      mapped: routeTo('mapped'),
      lambda: routeTo('function'),
      signed: routeTo('signedFunction'),
    },
    stages: { [stage]: {} },
  };
}

function mockOf(reply: string): object {
  return {
    integrationType: 'MOCK',
    requestTemplates: { $default: '{"statusCode":200}' },
    integrationResponses: { $default: { responseTemplates: { $default: reply } } },
  };
}

function functionOf(name: string): object {
  const lambdaPath = 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions';
  return {
    integrationType: 'AWS_PROXY',
    integrationUri: `${lambdaPath}/arn:aws:lambda:us-east-1:000000000000:function:${name}/invocations`,
  };
}

/**
 * What people write templates for: the body picked apart, the context added, and a service's answer turned into the client's
 * form, here that of the message, so that the answer can be checked like every echo.
 */
function mappedEcho(backEndPort: number): object {
  return {
    integrationType: 'HTTP',
    integrationMethod: 'POST',
    integrationUri: `http://127.0.0.1:${backEndPort}/echo`,
    requestTemplates: {
      $default: `#set($message = $input.path('$'))
{"connection":"$context.connectionId","stage":"$context.stage",
"user":$message.from,"number":$input.json('$.sequence'),"note":"$util.escapeJavaScript($message.text)"}`,
    },
    integrationResponses: {
      $default: {
        responseTemplates: {
          $default:
            '#set($saved = $input.path(\'$\'))#if($saved.connection != ""){"action":"mapped","from":$saved.user,"sequence":"$saved.number","text":$input.json(\'$.note\')}#end',
        },
      },
    },
  };
}

function handshakeApis(backEndPort: number): object {
  const issuer = `http://127.0.0.1:${backEndPort}`;
  const api = (more: { routes?: object; authorizers?: object }) => ({
    routeSelectionExpression: '$request.body.action',
    integrations: { mock: mockOf(mockReply) },
    authorizers: more.authorizers ?? {},
    routes: { $default: { integration: 'mock', routeResponse: true }, ...more.routes },
    stages: { [stage]: {} },
  });
  const tokens = {
    authorizerType: 'JWT',
    identitySource: ['$request.header.Authorization'],
    jwtConfiguration: { issuer, audience: ['bench'], jwksUri: `${issuer}/jwks` },
  };
  return {
    plain: api({}),
    connect: api({ routes: { $connect: { integration: 'mock' } } }),
    jwt: api({
      authorizers: { tokens },
      routes: { $connect: { integration: 'mock', authorizationType: 'JWT', authorizer: 'tokens' } },
    }),
  };
}
