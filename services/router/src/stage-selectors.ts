import type { IntegrationDefinition } from '@sluice/contracts';
import { MisconfiguredIntegrationError, type Selectors } from '@sluice/integrations';
import {
  compileIntegrationResponses,
  compileResponseTemplateSelectionExpression,
  compileTemplateSelectionExpression,
  InvalidExpressionError,
} from '@sluice/routing';
import { compileParameters, compileResponseParameters, compileTemplate } from '@sluice/templates';

/**
 * What an integration needs of the packages beside its own: selection expressions, templates, mappings. Throws
 * `MisconfiguredIntegrationError`, so that a bad text fails the calls of its integration and nothing beside.
 */
export function selectorsFor(
  integration: IntegrationDefinition,
  stageVariables: Readonly<Record<string, string>>,
): Selectors {
  try {
    return compileSelectors(integration, stageVariables);
  } catch (error) {
    if (error instanceof InvalidExpressionError) throw new MisconfiguredIntegrationError(error.message);
    throw error;
  }
}

function compileSelectors(
  integration: IntegrationDefinition,
  stageVariables: Readonly<Record<string, string>>,
): Selectors {
  const response = compileIntegrationResponses(integration.integrationResponses);
  const selectors: Selectors = {
    selectIntegrationResponse: (value) => response(value)?.integrationResponseKey,
    compileResponseTemplateKey: (text) => compileResponseTemplateSelectionExpression(text, stageVariables),
    compileTemplate: (text, place) =>
      compileTemplate(
        text,
        `integration ${integration.integrationId}, ${place}`,
        place.startsWith('requestTemplates') ? 'request' : 'response',
      ),
    compileParameters,
    compileResponseParameters,
  };
  const expression = integration.templateSelectionExpression;
  if (expression === undefined) return selectors;
  return { ...selectors, selectTemplateKey: compileTemplateSelectionExpression(expression, stageVariables) };
}
