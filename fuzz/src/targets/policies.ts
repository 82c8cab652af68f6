import { evaluatePolicy, type PolicyRequest } from '@sluice/auth';
import { anyPolicy, methodArn } from '../policy-grammar.js';
import { type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyText } from '../texts.js';

const denyAll = { Effect: 'Deny', Action: '*', Resource: '*' };

/** Policy documents: a decision or a fault; a deny wins wherever it stands, and nothing allows without saying so. */
export const policies: FuzzTarget = {
  name: 'policies',
  open: () => ({
    play(random, note) {
      const document = anyPolicy(random);
      const request: PolicyRequest = {
        action: 'execute-api:Invoke',
        resource: random.chance(0.9) ? methodArn : anyText(random, 100),
        sourceIp: random.pick(['192.0.2.7', '::1', '::ffff:192.0.2.7', '']),
        timeMs: 1_790_000_000_000,
        conditionValues: { 'aws:useragent': anyText(random), 'aws:securetransport': 'true', 'aws:referer': undefined },
      };
      note(JSON.stringify({ document, request }));
      const decision = evaluatePolicy(document, request);
      mustLeavePrototypes();
      if (typeof decision === 'object') return 'faulty';
      const statements = statementsOf(document);
      const evaluate = (Statement: unknown[]) => evaluatePolicy({ Statement }, request);
      must(evaluate([...statements].reverse()) === decision, () => 'the order of statements decides');
      must(evaluate([...statements, denyAll]) === 'explicit_deny', () => 'a Deny of everything does not deny');
      const effects = statements.map((each) => (each as { Effect?: unknown }).Effect);
      must(decision !== 'allow' || effects.includes('Allow'), () => 'it allows without an Allow');
      must(decision !== 'explicit_deny' || effects.includes('Deny'), () => 'it denies without a Deny');
      return decision;
    },
  }),
};

function statementsOf(document: unknown): unknown[] {
  const { Statement } = document as { Statement?: unknown };
  return Array.isArray(Statement) ? Statement : [Statement];
}
