import type { CompiledTemplate, IntegrationDefinition } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';
import { compileOrExplain, type Selectors, type TemplateKind } from './selectors.js';

/** A mapping template: text without `$` and `#` is its own result, and the same bytes each time. */
export type MappingTemplate = { kind: 'static'; body: Uint8Array } | { kind: 'template'; render: CompiledTemplate };

/** What becomes of a request body: made from a template, passed through, or refused (spec 06 §6.2). */
export type TemplateChoice = MappingTemplate | { kind: 'passthrough' } | { kind: 'refused' };

const passthrough: TemplateChoice = { kind: 'passthrough' };
const refused: TemplateChoice = { kind: 'refused' };

/**
 * Compiles the choice of the request template. Throws `MisconfiguredIntegrationError` for a template that is not valid or that
 * nobody can compile, and for a selection expression nobody can evaluate.
 */
export function compileTemplateChoice(
  definition: IntegrationDefinition,
  selectors: Pick<Selectors, 'selectTemplateKey' | 'compileTemplate'>,
): (body: Uint8Array) => TemplateChoice {
  const templates = compileTemplates(definition.requestTemplates, 'requestTemplates', 'request', selectors);
  const byDefault = templates.get('$default');
  const unmatched = choiceWithoutTemplate(definition, templates.size > 0);
  const expression = definition.templateSelectionExpression;
  if (expression === undefined) {
    const only = templates.get('application/json') ?? byDefault ?? unmatched;
    return () => only;
  }
  const select = selectors.selectTemplateKey ?? staticKey('templateSelectionExpression', expression);
  return (body) => {
    const key = select(body);
    return (key === undefined ? undefined : templates.get(key)) ?? byDefault ?? unmatched;
  };
}

/** Whether rendering one of these templates looks at the request: text without `$` and `#` is its own result. */
export function isDynamic(texts: Readonly<Record<string, string>>): boolean {
  return Object.values(texts).some(isTemplate);
}

function isTemplate(text: string): boolean {
  return /[$#]/.test(text);
}

/** Templates by key; `member` says in errors where they stand. Throws `MisconfiguredIntegrationError`. */
export function compileTemplates(
  texts: Readonly<Record<string, string>>,
  member: string,
  kind: TemplateKind,
  { compileTemplate: compile }: Pick<Selectors, 'compileTemplate'>,
): Map<string, MappingTemplate> {
  const templates = new Map<string, MappingTemplate>();
  for (const [key, text] of Object.entries(texts)) {
    const place = `${member}.${key}`;
    if (!isTemplate(text)) templates.set(key, { kind: 'static', body: Buffer.from(text) });
    else if (compile === undefined) throw new MisconfiguredIntegrationError(`${place} is not static: it has $ or #`);
    else templates.set(key, { kind: 'template', render: compileOrExplain(() => compile(text, place, kind)) });
  }
  return templates;
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
