import type { IntegrationDefinition } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';

/** Compiled `templateSelectionExpression` of an integration: the key it yields for a request body, undefined for none. */
export type SelectTemplateKey = (body: Uint8Array) => string | undefined;

/** What becomes of a request body: rendered from a template, passed through, or refused (spec 06 §6.2). */
export type TemplateChoice = { kind: 'template'; body: Uint8Array } | { kind: 'passthrough' } | { kind: 'refused' };

const passthrough: TemplateChoice = { kind: 'passthrough' };
const refused: TemplateChoice = { kind: 'refused' };

/**
 * Compiles the choice of the request template. Throws `MisconfiguredIntegrationError` for a template that is not static, and
 * for a selection expression nobody can evaluate.
 */
export function compileTemplateChoice(
  definition: IntegrationDefinition,
  selectKey: SelectTemplateKey | undefined,
): (body: Uint8Array) => TemplateChoice {
  const templates = new Map<string, TemplateChoice>();
  for (const [key, text] of Object.entries(definition.requestTemplates)) {
    assertStatic(`requestTemplates.${key}`, text);
    templates.set(key, { kind: 'template', body: Buffer.from(text) });
  }
  const byDefault = templates.get('$default');
  const unmatched = choiceWithoutTemplate(definition, templates.size > 0);
  const expression = definition.templateSelectionExpression;
  if (expression === undefined) {
    const only = templates.get('application/json') ?? byDefault ?? unmatched;
    return () => only;
  }
  const select = selectKey ?? staticKey('templateSelectionExpression', expression);
  return (body) => {
    const key = select(body);
    return (key === undefined ? undefined : templates.get(key)) ?? byDefault ?? unmatched;
  };
}

function choiceWithoutTemplate(definition: IntegrationDefinition, hasTemplates: boolean): TemplateChoice {
  if (definition.passthroughBehavior === 'WHEN_NO_MATCH') return passthrough;
  if (definition.passthroughBehavior === 'WHEN_NO_TEMPLATES') return hasTemplates ? refused : passthrough;
  return refused;
}

/** An expression without a variable is its own value; `\$default` and `$default` both mean that key. */
export function staticKey(member: string, expression: string): () => string {
  const key = expression === '$default' || expression === '\\$default' ? '$default' : expression;
  if (key !== '$default' && key.includes('$')) {
    throw new MisconfiguredIntegrationError(`${member} ${expression} cannot be evaluated`);
  }
  return () => key;
}

/** Templates with variables or directives are not rendered yet; sending their source text would be worse than failing. */
export function assertStatic(member: string, text: string): void {
  if (/[$#]/.test(text)) throw new MisconfiguredIntegrationError(`${member} is not static: it has $ or #`);
}
