import type { ConditionResult, ConditionValues } from './policy-conditions.js';
import { type CompiledPolicy, compilePolicy, type Statement } from './policy-document.js';

/** `explicit_deny`: a statement denies; `no_allow`: none denies and none allows. */
export type PolicyDecision = 'allow' | 'explicit_deny' | 'no_allow';

export interface PolicyRequest {
  /** `execute-api:Invoke`. */
  action: string;
  /** ARN of what is asked for. */
  resource: string;
  sourceIp: string;
  /** For `aws:CurrentTime` and `aws:EpochTime`, ms since the epoch. */
  timeMs: number;
  /** Further condition keys (in lower case) with their values; undefined: the key is known and has no value. */
  conditionValues?: ConditionValues | undefined;
}

/** What an IAM-style policy document says of a request, or what is wrong with the document (spec 08 §8.1). */
export function evaluatePolicy(document: unknown, request: PolicyRequest): PolicyDecision | { fault: string } {
  const reading = compilePolicy(document);
  return reading.policy === undefined ? { fault: reading.fault } : evaluateCompiledPolicy(reading.policy, request);
}

/** An explicit deny wins; otherwise one allow is needed. Work is bounded by the size of the document times that of the ARN. */
export function evaluateCompiledPolicy(policy: CompiledPolicy, request: PolicyRequest): PolicyDecision {
  const values = conditionValues(request);
  let decision: PolicyDecision = 'no_allow';
  for (const statement of policy.statements) {
    if (!applies(statement, request, values)) continue;
    if (statement.deny) return 'explicit_deny';
    decision = 'allow';
  }
  return decision;
}

function applies(statement: Statement, { action, resource }: PolicyRequest, values: ConditionValues): boolean {
  if (!statement.matchesAction(action) || !statement.matchesResource(resource)) return false;
  const met = allMet(statement, values);
  return met === 'unknown' ? statement.deny : met;
}

function allMet({ conditions }: Statement, values: ConditionValues): ConditionResult {
  let all: ConditionResult = true;
  for (const condition of conditions) {
    const met = condition(values);
    if (met === false) return false;
    if (met === 'unknown') all = met;
  }
  return all;
}

function conditionValues({ sourceIp, timeMs, conditionValues }: PolicyRequest): ConditionValues {
  const seconds = Math.floor(timeMs / 1000);
  return {
    ...conditionValues,
    'aws:sourceip': sourceIp,
    'aws:currenttime': new Date(seconds * 1000).toISOString(),
    'aws:epochtime': String(seconds),
  };
}
