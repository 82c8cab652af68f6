export interface ArnPlace {
  region: string;
  accountId: string;
  apiId: string;
  stage: string;
}

/** `methodArn` of a route, which policies are evaluated against (spec 08 §8.1, §8.2). */
export function routeArn({ region, accountId, apiId, stage }: ArnPlace, routeKey: string): string {
  return `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stage}/${routeKey}`;
}
