import type { ModelDefinition } from '@sluice/contracts';

/**
 * Compilers of what the file holds as text, given by whoever composes the process: each throws with the reason for a text that
 * could not run. One that is not given checks nothing.
 */
export interface ExpressionCheckers {
  routeSelection(text: string): void;
  requestTemplateSelection(text: string): void;
  responseTemplateSelection(text: string): void;
  modelSelection(text: string): void;
  integrationResponseKey(key: string): void;
  /** A mapping template, of a request or of a response. */
  template(text: string): void;
  /** `requestParameters` of an integration. */
  requestParameters(parameters: Record<string, string>): void;
  /** `responseParameters` of an integration response. */
  responseParameters(parameters: Record<string, string>): void;
  /** With all models of its API, since one may refer to another. */
  model(model: ModelDefinition, models: Record<string, ModelDefinition>): void;
  accessLogFormat(format: string): void;
  /** Identity sources of an authorizer. */
  identitySources(sources: string[], authorizerType: 'REQUEST' | 'JWT'): void;
}
