import { limits } from '@sluice/contracts';
import { type CompiledCondition, compileConditions } from './policy-conditions.js';
import { PolicyFault } from './policy-fault.js';
import { isRecord } from './record.js';
import { matchesWildcard } from './wildcard.js';

/** A policy document, checked and ready to be evaluated. */
export interface CompiledPolicy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly deny: boolean;
  readonly matchesAction: (action: string) => boolean;
  readonly matchesResource: (resource: string) => boolean;
  readonly conditions: readonly CompiledCondition[];
}

export type PolicyReading = { policy: CompiledPolicy; fault?: undefined } | { fault: string; policy?: undefined };

/**
 * Checks a policy document (spec 08 §8.1). Strict where leniency would open a door: an element that is not known may be a
 * misspelt `Condition`, and a policy variable that nobody fills in would keep a `Deny` from matching.
 */
export function compilePolicy(document: unknown): PolicyReading {
  try {
    if (!isRecord(document)) throw new PolicyFault('the policy document is no object');
    refuseUnknown(document, ['Version', 'Id', 'Statement'], 'the policy document');
    const version = document['Version'];
    if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
      throw new PolicyFault('Version is neither 2012-10-17 nor 2008-10-17');
    }
    const given = document['Statement'];
    const list = Array.isArray(given) ? given : [given];
    return { policy: { statements: list.map(compileStatement) } };
  } catch (error) {
    if (error instanceof PolicyFault) return { fault: error.message };
    throw error;
  }
}

function compileStatement(statement: unknown): Statement {
  if (!isRecord(statement)) throw new PolicyFault('a Statement is no object');
  const elements = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
  refuseUnknown(statement, elements, 'a Statement');
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyFault('Effect is neither Allow nor Deny');
  return {
    deny: effect === 'Deny',
    matchesAction: compileMatch(statement, 'Action', true),
    matchesResource: compileMatch(statement, 'Resource', false),
    conditions: compileConditions(statement['Condition']),
  };
}

/** `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two. Actions match in any case, resources do not. */
function compileMatch(
  statement: Record<string, unknown>,
  name: 'Action' | 'Resource',
  anyCase: boolean,
): (text: string) => boolean {
  const negated = `Not${name}`;
  if ((statement[name] === undefined) === (statement[negated] === undefined)) {
    throw new PolicyFault(`a Statement needs exactly one of ${name} and ${negated}`);
  }
  const isNegated = statement[name] === undefined;
  const patterns = patternsOf(statement[isNegated ? negated : name], isNegated ? negated : name).map((pattern) =>
    anyCase ? pattern.toLowerCase() : pattern,
  );
  return (text) => {
    const wanted = anyCase ? text.toLowerCase() : text;
    return patterns.some((pattern) => matchesWildcard(pattern, wanted)) !== isNegated;
  };
}

function patternsOf(value: unknown, name: string): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new PolicyFault(`${name} is an empty list`);
  return list.map((pattern) => {
    if (typeof pattern !== 'string' || pattern === '') throw new PolicyFault(`${name} holds what is no text`);
    if (pattern.length > limits.policyResourceLengthMax) {
      throw new PolicyFault(`${name} is longer than ${limits.policyResourceLengthMax} characters`);
    }
    if (pattern.includes('${')) throw new PolicyFault(`${name} has a policy variable, and there are none here`);
    return pattern;
  });
}

function refuseUnknown(record: Record<string, unknown>, known: readonly string[], where: string): void {
  for (const name of Object.keys(record)) {
    // The name is what the authorizer wrote, which may echo what a client sent.
    if (!known.includes(name)) throw new PolicyFault(`${where} has an element other than ${known.join(', ')}`);
  }
}
