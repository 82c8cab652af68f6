import type { AwsSettings } from '../aws/aws-settings.js';
import { MisconfiguredIntegrationError } from '../integration.js';
import { type IntegrationTarget, originOf, parseTarget } from '../integration-target.js';
import { fillStageVariables } from '../stage-variables.js';
import type { Transport } from '../transport.js';
import { addressOf, type LambdaSettings } from './function-address.js';
import { faultyCaller, HttpFunctionCaller, type ObservableFunctionCaller } from './function-caller.js';
import { readFunctionUri } from './function-uri.js';

/** Who calls: its variables go into the URI, its API into the head. */
export interface FunctionPlace {
  apiId: string;
  stageVariables: Readonly<Record<string, string>>;
}

export interface FunctionCallersOptions {
  open: (target: IntegrationTarget) => Transport;
  lambda: LambdaSettings;
  aws: AwsSettings;
}

/** Finds out where functions are called. */
export class FunctionCallers {
  constructor(private readonly options: FunctionCallersOptions) {}

  /** Calls the function that a Lambda URI names. Never throws: a caller that cannot call has a `fault`. */
  forFunction(uri: string, place: FunctionPlace): ObservableFunctionCaller {
    return orFaulty(() => this.functionCaller(fillStageVariables(uri, place.stageVariables), place));
  }

  /** The same, and (ours) an http(s) address is called as it is: it gets the payload by POST, and answers like a function. */
  forFunctionOrAddress(uri: string, place: FunctionPlace): ObservableFunctionCaller {
    const filled = fillStageVariables(uri, place.stageVariables);
    if (!/^https?:/i.test(filled)) return this.forFunction(uri, place);
    return orFaulty(() => {
      const placeholder = /\{[^}]*\}/.exec(filled);
      if (placeholder !== null) throw new MisconfiguredIntegrationError(`nothing fills ${placeholder[0]} in ${uri}`);
      const target = parseTarget(filled, uri, { method: 'POST', timeoutMs: 0, serverName: undefined });
      return this.callerOf(target, place, undefined);
    });
  }

  private functionCaller(uri: string, place: FunctionPlace): ObservableFunctionCaller {
    const called = readFunctionUri(uri);
    const { aws, lambda } = this.options;
    const { url, isInvokeApi } = addressOf(called, lambda, aws);
    const target = { ...originOf(url, 'written'), path: url.pathname + url.search, method: 'POST', timeoutMs: 0 };
    // Whoever is no Invoke API has no use for a signature, and with one could ask AWS for the same call.
    const { credentials } = aws;
    const signing = isInvokeApi && credentials !== undefined ? { credentials, region: called.region } : undefined;
    return this.callerOf(target, place, signing);
  }

  private callerOf(
    target: IntegrationTarget,
    { apiId }: FunctionPlace,
    signing: ConstructorParameters<typeof HttpFunctionCaller>[0]['signing'],
  ): ObservableFunctionCaller {
    return new HttpFunctionCaller({ target, transport: this.options.open(target), apiId, signing });
  }
}

function orFaulty(make: () => ObservableFunctionCaller): ObservableFunctionCaller {
  try {
    return make();
  } catch (error) {
    if (error instanceof MisconfiguredIntegrationError) return faultyCaller(error.message);
    throw error;
  }
}
