import type { Refusal } from './refusals.js';
import { matchesWildcard } from './wildcard.js';

/** Whether one of the patterns of `AccessKey.allow` covers the resource. No pattern, no access. */
export function isAllowed(patterns: readonly string[], resourceArn: string): boolean {
  for (const pattern of patterns) if (matchesWildcard(pattern, resourceArn)) return true;
  return false;
}

export interface ManagementResource {
  region: string;
  accountId: string;
  apiId: string;
  stage: string;
  method: string;
}

/**
 * The resource of a `@connections` call. Its last segment is the literal text `{connectionId}`, never the id: policies of
 * real users are written against that (spec 09 §9.6).
 */
export function managementArn(resource: ManagementResource): string {
  return arnFor(resource, resource.accountId);
}

function arnFor(resource: ManagementResource, account: string): string {
  const { region, apiId, stage, method } = resource;
  return `arn:aws:execute-api:${region}:${account}:${apiId}/${stage}/${method}/@connections/{connectionId}`;
}

/** The refusal of a key whose patterns do not cover the resource: capital `Message`, the account masked in the resource. */
export function accessDenied(accessKeyId: string, resource: ManagementResource): Refusal {
  const user = `arn:aws:iam::${resource.accountId}:user/${accessKeyId}`;
  const masked = resource.accountId.slice(-4).padStart(resource.accountId.length, '*');
  const action = 'execute-api:ManageConnections';
  const message =
    `User: ${user} is not authorized to perform: ${action} on resource: ${arnFor(resource, masked)} ` +
    `because no identity-based policy allows the ${action} action`;
  return {
    reason: 'policy',
    detail: `no pattern in allow of its key in auth.keys covers ${managementArn(resource)}`,
    errorType: 'AccessDeniedException',
    body: JSON.stringify({ Message: message }),
  };
}
