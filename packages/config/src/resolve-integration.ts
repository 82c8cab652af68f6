import { type IntegrationDefinition, limits } from '@sluice/contracts';
import { isArn } from './checks/check-uri.js';
import type { IntegrationInput } from './integration-schema.js';

/** `order`: keys of `integrationResponses` as the file has them. */
export function resolveIntegration(
  integrationId: string,
  integration: IntegrationInput,
  order: string[],
): IntegrationDefinition {
  const responses = Object.entries(integration.integrationResponses);
  responses.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return {
    integrationId,
    integrationType: integration.integrationType,
    integrationUri: integration.integrationUri,
    integrationMethod: integration.integrationMethod,
    timeoutInMillis: integration.timeoutInMillis,
    passthroughBehavior: integration.passthroughBehavior,
    requestTemplates: { ...integration.requestTemplates },
    templateSelectionExpression: integration.templateSelectionExpression,
    integrationResponses: responses.map(([key, response]) => ({
      integrationResponseKey: key,
      templateSelectionExpression: response?.templateSelectionExpression,
      responseTemplates: { ...response?.responseTemplates },
      contentHandlingStrategy: response?.contentHandlingStrategy,
      responseParameters: nonEmpty(response?.responseParameters),
    })),
    requestParameters: nonEmpty(integration.requestParameters),
    contentHandlingStrategy: integration.contentHandlingStrategy,
    handshakeHeadersDropped: integration.handshakeHeadersDropped?.map((name) => name.toLowerCase()),
    tlsConfig:
      integration.tlsConfig === undefined
        ? undefined
        : { serverNameToVerify: integration.tlsConfig.serverNameToVerify },
    credentialsArn: integration.credentialsArn,
    connectionType: integration.connectionType,
    connectionId: integration.connectionId,
  };
}

// An empty map is as good as none, and none lets the plain case stay on its fast path.
function nonEmpty(map: Record<string, string> | undefined): Record<string, string> | undefined {
  return map === undefined || Object.keys(map).length === 0 ? undefined : { ...map };
}

/** What a URL or the invocation ARN of a function is short for. */
export function proxyTo(integrationId: string, integrationUri: string): IntegrationDefinition {
  return {
    integrationId,
    integrationType: isArn(integrationUri) ? 'AWS_PROXY' : 'HTTP_PROXY',
    integrationUri,
    integrationMethod: 'POST',
    timeoutInMillis: limits.integrationTimeoutMs,
    passthroughBehavior: 'WHEN_NO_MATCH',
    requestTemplates: {},
    templateSelectionExpression: undefined,
    integrationResponses: [],
  };
}
