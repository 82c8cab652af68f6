const invocationForm = 'arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/<function ARN>/invocations';
const integrationArn = /^arn:aws[\w-]*:apigateway:[a-z0-9-]+:([a-z0-9.-]+):(path|action)\/(.+)$/;
const functionArn =
  /^(arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:([A-Za-z0-9_-]{1,140}))(?::([A-Za-z0-9_$-]{1,128}))?$/;

/** The service an integration ARN names, without a subdomain; undefined where it is none. */
export function serviceOf(arn: string): string | undefined {
  return integrationArn.exec(arn)?.[1]?.split('.').at(-1);
}

/** What is wrong with the ARN of a service call (spec 04 §4.3). */
export function arnFault(arn: string): string | undefined {
  if (!/[\s\p{Cc}${}]/u.test(arn) && integrationArn.test(arn)) return undefined;
  return 'allowed: arn:aws:apigateway:<region>:<service>:action/<Action> or …:path/<path>';
}

/** What a function can be called in `lambda.functions`, its bare name first, for the invocation ARN of it. */
export function functionOf(arn: string): { names: string[] } | { fault: string } {
  if (/^arn:aws[\w-]*:lambda:/.test(arn)) {
    return { fault: `a plain function ARN is the form of HTTP APIs; allowed: ${invocationForm}` };
  }
  const [, service, kind, path = ''] = integrationArn.exec(arn) ?? [];
  const invoked = /^\/?2015-03-31\/functions\/(.+)\/invocations$/.exec(path)?.[1];
  if (service !== 'lambda' || kind !== 'path' || invoked === undefined) return { fault: `allowed: ${invocationForm}` };
  const [, unqualified = '', name = '', qualifier] = functionArn.exec(invoked) ?? [];
  if (name === '') return { fault: `${JSON.stringify(invoked)} is no function ARN; allowed: ${invocationForm}` };
  if (qualifier === undefined) return { names: [name, unqualified] };
  return { names: [name, `${name}:${qualifier}`, unqualified, invoked] };
}
