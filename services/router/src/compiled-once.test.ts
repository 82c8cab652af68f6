import { beforeEach, describe, expect, it, vi } from 'vitest';
import { chatApi, mock, startRouter } from './testing/start-router.js';

const compiled = vi.hoisted(() => ({ templates: 0, expressions: 0, models: 0 }));

// The compilers themselves are the real ones: only their calls are counted.
vi.mock('@sluice/templates', async (original) => {
  const real = await original<typeof import('@sluice/templates')>();
  const compileTemplate: typeof real.compileTemplate = (...args) => {
    compiled.templates++;
    return real.compileTemplate(...args);
  };
  return { ...real, compileTemplate };
});
vi.mock('@sluice/routing', async (original) => {
  const real = await original<typeof import('@sluice/routing')>();
  const compileTemplateSelectionExpression: typeof real.compileTemplateSelectionExpression = (...args) => {
    compiled.expressions++;
    return real.compileTemplateSelectionExpression(...args);
  };
  return { ...real, compileTemplateSelectionExpression };
});
vi.mock('@sluice/models', async (original) => {
  const real = await original<typeof import('@sluice/models')>();
  const compileRequestValidator: typeof real.compileRequestValidator = (options) => {
    compiled.models++;
    return real.compileRequestValidator(options);
  };
  return { ...real, compileRequestValidator };
});

beforeEach(() => {
  Object.assign(compiled, { templates: 0, expressions: 0, models: 0 });
});

describe('[MT-4] [MT-5] what definitions say is compiled', () => {
  const api = chatApi(
    { a: { modelSelectionExpression: '$request.body.kind', requestModels: { $default: 'any' } } },
    {
      models: { any: { name: 'any', contentType: 'application/json', schema: '{"type":"object"}' } },
      integrations: {
        mock: mock('mock', 'other', {
          templateSelectionExpression: '$request.body.kind',
          requestTemplates: { $default: '{"statusCode": #if($input.path("$.n") == 0)200#{else}201#end}' },
          integrationResponses: [
            {
              integrationResponseKey: '$default',
              templateSelectionExpression: undefined,
              responseTemplates: { $default: 'from $context.routeKey' },
            },
          ],
        }),
      },
    },
  );

  it('once for a deployment, however many messages come, and again for the next one', async () => {
    const { message, definitions } = await startRouter(api);
    expect(await message({ action: 'a', n: 0 })).toBe('from a');
    const once = { ...compiled };
    expect(once).toMatchObject({ templates: 2, expressions: 2, models: 1 });
    for (let n = 1; n <= 20; n++) expect(await message({ action: 'a', n })).toBe('from a');
    expect(compiled).toEqual(once);
    definitions.replace([api]);
    expect(await message({ action: 'a', n: 0 })).toBe('from a');
    expect(compiled).toMatchObject({ templates: 4, expressions: 4, models: 2 });
  });
});
