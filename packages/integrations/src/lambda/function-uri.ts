import { MisconfiguredIntegrationError } from '../integration.js';

/** One function, as its ARN names it. */
export interface FunctionName {
  partition: string;
  region: string;
  name: string;
  /** Alias or version. */
  qualifier: string | undefined;
  /** Without the qualifier. */
  arn: string;
}

const functionsPath = /^arn:[^:]*:apigateway:[^:]*:lambda:path\/+2015-03-31\/functions\//;
const invocation =
  /^arn:(?:aws[a-z-]*):apigateway:[a-z0-9-]+:lambda:path\/\/?2015-03-31\/functions\/([^/]+)\/invocations$/;
const functionArn =
  /^(arn:(aws[a-z-]*):lambda:([a-z0-9-]{1,32}):\d{12}:function:([A-Za-z0-9_-]{1,140}))(?::(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/;

/** Whether an `AWS` integration calls a function, as opposed to another service; stage variables may not be filled in yet. */
export function isFunctionUri(uri: string): boolean {
  return functionsPath.test(uri);
}

/**
 * Reads `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations` (spec 04 §4.3), stage variables
 * already filled in: what they yield is checked like what was written. Throws `MisconfiguredIntegrationError`.
 */
export function readFunctionUri(uri: string): FunctionName {
  if (/^arn:[^:]*:lambda:/.test(uri)) {
    throw new MisconfiguredIntegrationError(
      `${uri} is the function's own ARN; a WebSocket API wants arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/${uri}/invocations`,
    );
  }
  const called = invocation.exec(uri)?.[1];
  if (called === undefined) {
    throw new MisconfiguredIntegrationError(
      `${uri} is not of the form arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations`,
    );
  }
  const match = functionArn.exec(called);
  if (match === null) {
    throw new MisconfiguredIntegrationError(
      `${called} is not arn:aws:lambda:{region}:{account}:function:{name} with an alias or version behind another colon; is a stage variable missing?`,
    );
  }
  const [, arn = '', partition = '', region = '', name = '', qualifier] = match;
  return { partition, region, name, qualifier, arn };
}
