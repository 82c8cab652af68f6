import { type CompiledTemplate, GatewayError, limits } from '@sluice/contracts';
import { compileTemplate, InvalidTemplateError } from '@sluice/templates';
import { anySources, shownSources } from '../sources.js';
import { compiled, type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { TemplateWriter, templateWords } from '../template-grammar.js';
import { anyBody, mutate } from '../texts.js';

const inherited = /\[native code\]|\[object [A-Z]/;

/** Mapping templates: a text within its bounds, or refused when compiled, or `template_failed`. */
export const templates: FuzzTarget = {
  name: 'templates',
  open: () => ({
    play(random, note) {
      const written = new TemplateWriter(random).template();
      const text = random.chance(0.4) ? mutate(random, written, templateWords) : written;
      const body = anyBody(random);
      const sources = anySources(random, body);
      note(`${text}\n--- sources\n${shownSources(sources)}`);
      const kind = random.pick(['request', 'response', undefined] as const);
      const template = compiled(() => compileTemplate(text, 'fuzz', kind), InvalidTemplateError);
      if (template === undefined) return 'refused';
      const rendered = textOf(() => template(sources));
      mustLeavePrototypes();
      if (rendered === undefined) return 'failed';
      must(
        Buffer.byteLength(rendered) <= limits.templateOutputBytesMax,
        () => `it yields ${rendered.length} characters`,
      );
      must(!inherited.test(rendered), () => `it shows what objects inherit: ${rendered.slice(0, 200)}`);
      must(textOf(() => template(sources)) === rendered, () => 'the second time it yields another text');
      return 'rendered';
    },
  }),
};

function textOf(render: () => ReturnType<CompiledTemplate>): string | undefined {
  try {
    return render().text;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'template_failed') return undefined;
    throw error;
  }
}
