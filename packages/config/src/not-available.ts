/**
 * Keys that the file format has and this version does not carry out. They are refused rather than ignored: a gateway that
 * overlooks an authorizer has an open door. `*` in a path stands for any one name.
 */
const notAvailable: Record<string, readonly string[]> = {
  '': ['domainNames', 'apiKeys', 'usagePlans', 'lambda'],
  aws: ['credentials', 'endpoints'],
  'apis.*': [
    'authorizers',
    'models',
    'binaryFrames',
    'apiMappings',
    'corsConfiguration',
    'credentialsArn',
    'disableSchemaValidation',
    'ipAddressType',
    'vpcLinks',
    'allowedOrigins',
    'accessLogSettings',
    'throttle',
    'deployments',
  ],
  'apis.*.routes.*': [
    'authorizer',
    'authorizerId',
    'authorizationScopes',
    'modelSelectionExpression',
    'requestModels',
    'requestParameters',
    'order',
    'deduplicate',
    'throttle',
    'allowedOrigins',
  ],
  'apis.*.routes.*.routeResponses.*': ['modelSelectionExpression', 'responseModels', 'responseParameters'],
  'apis.*.integrations.*': integrationKeys(),
  'apis.*.routes.*.integration': integrationKeys(),
  'apis.*.integrations.*.integrationResponses.*': ['contentHandlingStrategy', 'responseParameters'],
  'apis.*.routes.*.integration.integrationResponses.*': ['contentHandlingStrategy', 'responseParameters'],
  'apis.*.stages.*': [
    'allowedOrigins',
    'accessLogSettings',
    'defaultRouteSettings',
    'routeSettings',
    'throttle',
    'clientCertificateId',
    'deploymentId',
  ],
};

function integrationKeys(): string[] {
  return [
    'connectionId',
    'contentHandlingStrategy',
    'credentialsArn',
    'integrationSubtype',
    'requestParameters',
    'responseParameters',
    'tlsConfig',
    'asynchronous',
  ];
}

/** Values of known keys that are not available yet: they would otherwise only be called wrong. */
const notAvailableValues: Record<string, readonly string[]> = {
  integrationType: ['AWS', 'AWS_PROXY'],
  connectionType: ['VPC_LINK'],
  authorizationType: ['AWS_IAM', 'CUSTOM', 'JWT'],
};

export function isUnavailableKey(objectPath: readonly PropertyKey[], key: string): boolean {
  return Object.entries(notAvailable).some(([pattern, keys]) => keys.includes(key) && matches(pattern, objectPath));
}

export function isUnavailableValue(path: readonly PropertyKey[], value: unknown): boolean {
  const key = String(path.at(-1));
  if (key === 'apiKeyRequired') return value === true;
  return notAvailableValues[key]?.includes(String(value)) ?? false;
}

function matches(pattern: string, path: readonly PropertyKey[]): boolean {
  const segments = pattern === '' ? [] : pattern.split('.');
  return segments.length === path.length && segments.every((each, i) => each === '*' || each === path[i]);
}
