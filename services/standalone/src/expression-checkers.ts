import type { ExpressionCheckers } from '@sluice/config';
import {
  compileIntegrationResponses,
  compileResponseTemplateSelectionExpression,
  compileRouteSelectionExpression,
  compileTemplateSelectionExpression,
} from '@sluice/routing';

/** The compilers of the data path, for `loadSettings`: an expression that could not run is found before anything starts. */
export const expressionCheckers: ExpressionCheckers = {
  routeSelection: (text) => void compileRouteSelectionExpression(text),
  requestTemplateSelection: (text) => void compileTemplateSelectionExpression(text),
  responseTemplateSelection: (text) => void compileResponseTemplateSelectionExpression(text),
  integrationResponseKey: (key) => void compileIntegrationResponses([{ integrationResponseKey: key }]),
};
