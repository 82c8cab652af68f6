export { compileIntegrationResponses, matchIntegrationResponse } from './integration-response-match.js';
export { compileRouteMention, type MayMention } from './route-mention.js';
export { compileRouteSelectionExpression, type RouteSelector } from './route-selection-expression.js';
export { createRouteTable, type RouteTable } from './route-table.js';
export { InvalidExpressionError } from './selection-template.js';
export {
  compileResponseTemplateSelectionExpression,
  compileTemplateSelectionExpression,
  type ResponseSources,
} from './template-selection-expression.js';
