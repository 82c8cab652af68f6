/**
 * Keys that somebody will write and this gateway does not carry out. They are refused with the reason rather than ignored: a
 * gateway that overlooks a check has an open door. `*` in a path stands for any one name.
 */
const notAvailable: Record<string, readonly string[]> = {
  'apis.*.routes.*': ['deduplicate', 'allowedOrigins'],
  'apis.*.integrations.*': ['asynchronous'],
  'apis.*.routes.*.integration': ['asynchronous'],
};

const quickCreate = 'is for HTTP APIs, which AWS creates with it in one step; write routes and integrations';
const throttle =
  'is no key of AWS; throttles are routeSettings and defaultRouteSettings of a stage, of all APIs account';
const httpOnly = 'is for HTTP APIs only';
const integration = { integrationSubtype: httpOnly, responseParameters: `${httpOnly}; integrationResponses have them` };

/** Keys that AWS refuses for WebSocket APIs, in its own words where it has some (spec 08 §8.1, 10 §10.10). */
const refused: Record<string, Readonly<Record<string, string>>> = {
  'apis.*': {
    corsConfiguration:
      'Cors is not supported for WEBSOCKET protocolType. What browsers may connect, allowedOrigins of a stage says',
    routeKey: quickCreate,
    target: quickCreate,
    credentialsArn: quickCreate,
    throttle,
    allowedOrigins: 'belongs to a stage',
    accessLogSettings: 'belongs to a stage',
    deployments: 'has no place in the file: the file is what is deployed',
    apiMappings: 'belongs to a domain, under domainNames at the top of the file',
    vpcLinks: 'has no place in the file: connectionType VPC_LINK is a marker, back ends are called like any other',
  },
  'apis.*.authorizers.*': {
    authorizerPayloadFormatVersion: 'AuthorizerPayloadFormatVersion cannot be set for WEBSOCKET protocol Apis.',
    enableSimpleResponses: 'EnableSimpleResponses cannot be set for WEBSOCKET protocol Apis.',
  },
  'apis.*.routes.*': { throttle },
  'apis.*.stages.*': { throttle },
  'apis.*.integrations.*': integration,
  'apis.*.routes.*.integration': integration,
  'domainNames.*': {
    mutualTlsAuthentication:
      'is not known for WebSocket APIs; TLS ends in front of the gateway, which can ask for certificates',
  },
};

export function isUnavailableKey(objectPath: readonly PropertyKey[], key: string): boolean {
  return Object.entries(notAvailable).some(([pattern, keys]) => keys.includes(key) && matches(pattern, objectPath));
}

/** Why a key is refused; undefined where it is not one of them. */
export function refusalOf(objectPath: readonly PropertyKey[], key: string): string | undefined {
  for (const [pattern, keys] of Object.entries(refused)) {
    if (Object.hasOwn(keys, key) && matches(pattern, objectPath)) return keys[key];
  }
  return undefined;
}

function matches(pattern: string, path: readonly PropertyKey[]): boolean {
  const segments = pattern === '' ? [] : pattern.split('.');
  return segments.length === path.length && segments.every((each, i) => each === '*' || each === path[i]);
}
