import { isOperator, operators } from './condition-operators.js';
import { PolicyFault } from './policy-fault.js';
import { isRecord } from './record.js';

/** What conditions may ask about: values by condition key in lower case; undefined is a key known to have no value here. */
export type ConditionValues = Readonly<Record<string, string | undefined>>;

/**
 * Whether a condition is met. `unknown`: the gateway cannot tell, because it does not know the operator or has no such key. An
 * `Allow` takes that for no and a `Deny` for yes, so that what is not understood never lets anybody in.
 */
export type ConditionResult = boolean | 'unknown';

export type CompiledCondition = (values: ConditionValues) => ConditionResult;

/** One test per operator and key of a `Condition` element; all have to be met. Throws `PolicyFault`. */
export function compileConditions(condition: unknown): CompiledCondition[] {
  if (condition === undefined) return [];
  if (!isRecord(condition)) throw new PolicyFault('Condition is no object');
  return Object.entries(condition).flatMap(([operator, keys]) => {
    if (!isRecord(keys)) throw new PolicyFault('an operator of Condition holds no object');
    return Object.entries(keys).map(([key, wanted]) => compileTest(operator, key.toLowerCase(), wanted));
  });
}

function compileTest(operator: string, key: string, wanted: unknown): CompiledCondition {
  const texts = textsOf(wanted);
  if (operator === 'Null') return nullTest(key, texts);
  const ifExists = operator.endsWith('IfExists');
  const name = ifExists ? operator.slice(0, -'IfExists'.length) : operator;
  if (!isOperator(name)) return () => 'unknown';

  const { negated, compile } = operators[name];
  const tests = texts.map(compile);
  return (values) => {
    if (!Object.hasOwn(values, key)) return 'unknown';
    const value = values[key];
    // A negated operator is met where there is no value to compare with.
    if (value === undefined) return ifExists || negated;
    return tests.some((test) => test(value)) !== negated;
  };
}

/** `{ "Null": { "aws:x": "true" } }`: the key has no value; `false`: it has one. */
function nullTest(key: string, texts: string[]): CompiledCondition {
  const wanted = texts.map((text) => text.toLowerCase());
  if (wanted.some((text) => text !== 'true' && text !== 'false')) throw new PolicyFault('Null wants true or false');
  return (values) => (Object.hasOwn(values, key) ? wanted.includes(String(values[key] === undefined)) : 'unknown');
}

function textsOf(wanted: unknown): string[] {
  const list: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  if (list.length === 0) throw new PolicyFault('Condition has an empty list of values');
  return list.map((value) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new PolicyFault('a value of Condition is neither text, number nor boolean');
    }
    const text = String(value);
    if (text.includes('${')) throw new PolicyFault('Condition has a policy variable, and there are none here');
    return text;
  });
}
