import { compileIdentitySources, compileTokenSources } from '@sluice/auth';
import type { ExpressionCheckers } from '@sluice/config';
import {
  compileIntegrationResponses,
  compileResponseTemplateSelectionExpression,
  compileRouteSelectionExpression,
  compileTemplateSelectionExpression,
} from '@sluice/routing';

/** The compilers of the data path, for `loadSettings`: an expression that could not run is found before anything starts. */
export const expressionCheckers: Partial<ExpressionCheckers> = {
  routeSelection: (text) => void compileRouteSelectionExpression(text),
  requestTemplateSelection: (text) => void compileTemplateSelectionExpression(text),
  responseTemplateSelection: (text) => void compileResponseTemplateSelectionExpression(text),
  modelSelection: (text) => void compileTemplateSelectionExpression(text),
  integrationResponseKey: (key) => void compileIntegrationResponses([{ integrationResponseKey: key }]),
  identitySources: (sources, authorizerType) => {
    const reading = authorizerType === 'JWT' ? compileTokenSources(sources) : compileIdentitySources(sources);
    if ('fault' in reading) throw new Error(reading.fault);
  },
};
