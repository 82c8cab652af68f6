import type { AwsSettings } from '../aws/aws-settings.js';
import { serviceDomain } from '../aws/aws-settings.js';
import { MisconfiguredIntegrationError } from '../integration.js';
import { readUrl } from '../integration-target.js';
import type { FunctionName } from './function-uri.js';

/** Where functions are invoked (`lambda:` of the settings). */
export interface LambdaSettings {
  /** An http(s) address that speaks the Invoke API, for every function that has none of its own. */
  endpoint?: string | undefined;
  /** By function name, `name:alias` or ARN: an address that speaks the Invoke API, or with a path one that takes the event as it is. */
  functions?: Readonly<Record<string, string>> | undefined;
}

/** Where one function is called. */
export interface FunctionAddress {
  url: URL;
  /** It speaks the Invoke API, so that calls are signed where there are credentials. */
  isInvokeApi: boolean;
}

/**
 * The address of a function: its own entry, the most specific one first, then the endpoint for all, then AWS where there are
 * credentials to sign with. Throws `MisconfiguredIntegrationError`, which names the key to set.
 */
export function addressOf(called: FunctionName, lambda: LambdaSettings, aws: AwsSettings): FunctionAddress {
  const functions = lambda.functions ?? {};
  const key = keysOf(called).find((each) => Object.hasOwn(functions, each));
  if (key !== undefined) {
    const url = readUrl(functions[key] ?? '', `lambda.functions.${key}`);
    if (isOriginOnly(url)) return { url: invokeUrl(url, called.name, called), isInvokeApi: true };
    return { url, isInvokeApi: /\/2015-03-31\/functions\/[^/]+\/invocations$/.test(url.pathname) };
  }
  if (lambda.endpoint !== undefined) {
    const endpoint = readUrl(lambda.endpoint, 'lambda.endpoint');
    return { url: invokeUrl(endpoint, called.name, called), isInvokeApi: true };
  }
  if (aws.credentials === undefined) {
    throw new MisconfiguredIntegrationError(
      `nothing says where the function ${called.name} is: set lambda.functions.${called.name} or lambda.endpoint, or aws.credentials to call it at AWS`,
    );
  }
  const service = new URL(`https://lambda.${called.region}.${serviceDomain(called.partition)}`);
  // The whole ARN: a bare name would mean a function of the account that signs.
  return { url: invokeUrl(service, encodeURIComponent(called.arn), called), isInvokeApi: true };
}

/** Whether an address names a host and no place on it. */
function isOriginOnly(url: URL): boolean {
  return url.pathname === '/' && url.search === '';
}

function keysOf({ name, qualifier, arn }: FunctionName): string[] {
  return qualifier === undefined ? [arn, name] : [`${arn}:${qualifier}`, `${name}:${qualifier}`, arn, name];
}

function invokeUrl(base: URL, functionName: string, { qualifier }: FunctionName): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/2015-03-31/functions/${functionName}/invocations`;
  url.search = qualifier === undefined ? '' : `?Qualifier=${encodeURIComponent(qualifier)}`;
  return url;
}
