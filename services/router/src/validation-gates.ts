import type { ApiDefinition, ConnectEnvelope, RouteDefinition } from '@sluice/contracts';
import { compileRequestValidator, InvalidModelError, missingParameters, type RequestValidator } from '@sluice/models';
import { compileTemplateSelectionExpression, InvalidExpressionError } from '@sluice/routing';
import type { Gate, Passage } from './passage.js';

const noBody = new Uint8Array(0);

/**
 * The body against the model that the route chooses for it, where the route has an expression and models (spec 13); a handshake
 * has an empty body. A route whose models cannot be compiled lets nothing through: `fault` is told the reason once.
 */
export function modelGate(
  api: ApiDefinition,
  { modelSelectionExpression, requestModels }: RouteDefinition,
  stageVariables: Readonly<Record<string, string>>,
  fault: (reason: string) => void,
): Gate | undefined {
  if (modelSelectionExpression === undefined || requestModels === undefined) return undefined;
  try {
    const selectModelKey = compileTemplateSelectionExpression(modelSelectionExpression, stageVariables);
    return gateOf(compileRequestValidator({ models: api.models ?? {}, requestModels, selectModelKey }));
  } catch (error) {
    if (!(error instanceof InvalidModelError || error instanceof InvalidExpressionError)) throw error;
    const { message } = error;
    fault(message);
    return (_passage, next) => next({ code: 'integration_misconfigured', detail: message });
  }
}

function gateOf(validate: RequestValidator): Gate {
  return ({ envelope }, next) => {
    const invalid = validate(envelope.kind === 'MESSAGE' ? envelope.body : noBody);
    if (invalid === undefined) return next();
    next({
      code: 'request_body_invalid',
      detail: `the body does not fit its model: ${invalid}`,
      validationErrorString: invalid,
    });
  };
}

/** What a handshake must have (spec 13); undefined where nothing is required. */
export function requiredParametersGate({
  requestParameters = {},
}: RouteDefinition): Gate<Passage<ConnectEnvelope>> | undefined {
  if (!Object.values(requestParameters).some(({ required }) => required)) return undefined;
  return ({ envelope }, next) => {
    const missing = missingParameters(requestParameters, envelope.handshake);
    if (missing.length === 0) return next();
    const message = `Missing required request parameters: [${missing.join(', ')}]`;
    next({ code: 'request_parameters_missing', detail: message, message, validationErrorString: message });
  };
}
