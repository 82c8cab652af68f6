import { compileIdentitySources, compileTokenSources } from '@sluice/auth';
import type { ExpressionCheckers } from '@sluice/config';
import { compileAccessLogFormat } from '@sluice/logs';
import { compileModel } from '@sluice/models';
import {
  compileIntegrationResponses,
  compileResponseTemplateSelectionExpression,
  compileRouteSelectionExpression,
  compileTemplateSelectionExpression,
} from '@sluice/routing';
import {
  checkTemplate,
  compileParameters,
  compileResponseParameters,
  InvalidMappingError,
  InvalidTemplateError,
} from '@sluice/templates';

/** The compilers of the data path, for `loadSettings`: an expression that could not run is found before anything starts. */
export const expressionCheckers: ExpressionCheckers = {
  routeSelection: (text) => void compileRouteSelectionExpression(text),
  requestTemplateSelection: (text) => void compileTemplateSelectionExpression(text),
  responseTemplateSelection: (text) => void compileResponseTemplateSelectionExpression(text),
  modelSelection: (text) => void compileTemplateSelectionExpression(text),
  integrationResponseKey: (key) => void compileIntegrationResponses([{ integrationResponseKey: key }]),
  template: (text) => withoutPlace(() => checkTemplate(text, templatePlace)),
  requestParameters: (parameters) => withoutPlace(() => compileParameters(parameters)),
  responseParameters: (parameters) => withoutPlace(() => compileResponseParameters(parameters)),
  model: (model, models) => void compileModel(model, models),
  accessLogFormat: (format) => void compileAccessLogFormat(format),
  identitySources: (sources, authorizerType) => {
    const reading = authorizerType === 'JWT' ? compileTokenSources(sources) : compileIdentitySources(sources);
    if (!('fault' in reading)) return;
    // The fault is worded as AWS does, which names no form.
    throw new Error(`${reading.fault.replace(/\.$/, '')}; for example route.request.querystring.token`);
  },
};

const templatePlace = 'text';

// The configuration names key and value, with their place in the file, in front of what is thrown here.
function withoutPlace(compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    if (error instanceof InvalidTemplateError)
      throw new Error(error.message.replace(`template ${templatePlace}, `, ''));
    if (!(error instanceof InvalidMappingError)) throw error;
    throw new Error(error.message.replace(`${error.key}: ${JSON.stringify(error.value)}: `, ''));
  }
}
