import {
  type CompiledTemplate,
  GatewayError,
  limits,
  type MappingSources,
  type RenderedTemplate,
} from '@sluice/contracts';
import { InvalidTemplateError } from './invalid-mapping.js';
import { faultReason } from './values/fault-reason.js';
import { compileTemplateText } from './velocity/compile-block.js';
import { collectOverrides, type TemplateKind } from './velocity/overrides.js';
import { outputTooLong, RenderState } from './velocity/render-state.js';
import type { InnerText, Render } from './velocity/scope.js';

/**
 * Compiles a mapping template (spec 06 §6.3, §6.4). `place` names it in errors and logs; `kind` says which of
 * `$context.requestOverride` and `.responseOverride` it may set (unset: both count). Throws `InvalidTemplateError` with the line.
 */
export function compileTemplate(text: string, place: string, kind?: TemplateKind): CompiledTemplate {
  const { fixed, render } = compileChecked(text, place);
  if (fixed !== undefined) {
    const rendered: RenderedTemplate = { text: fixed, overrides: undefined };
    return () => rendered;
  }
  return (sources) => renderTemplate(render, sources, place, kind);
}

/** Throws `InvalidTemplateError` for a template that `compileTemplate` would not take. */
export function checkTemplate(text: string, place: string): void {
  compileChecked(text, place);
}

function compileChecked(text: string, place: string): InnerText {
  if (text.length > limits.templateLengthMax) {
    throw new InvalidTemplateError(place, 1, `it is longer than ${limits.templateLengthMax} characters`);
  }
  try {
    return compileTemplateText(text, place);
  } catch (error) {
    if (error instanceof InvalidTemplateError) throw error;
    throw new InvalidTemplateError(place, 1, faultReason(error));
  }
}

function renderTemplate(
  render: Render,
  sources: MappingSources,
  place: string,
  kind: TemplateKind | undefined,
): RenderedTemplate {
  const state = new RenderState(sources);
  try {
    render(state);
    const { out } = state;
    // Three bytes a character at most: only long outputs are counted exactly.
    if (out.length * 3 > limits.templateOutputBytesMax && Buffer.byteLength(out) > limits.templateOutputBytesMax) {
      throw outputTooLong();
    }
    return { text: out, overrides: state.hasOwnContext ? collectOverrides(state.context, kind) : undefined };
  } catch (error) {
    throw new GatewayError('template_failed', `template ${place}, line ${state.line}: ${faultReason(error)}`, {
      cause: error,
    });
  }
}
