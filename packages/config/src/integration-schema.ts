import { limits } from '@sluice/contracts';
import { z } from 'zod';
import { description, oneOf, text, textLike } from './schema-kinds.js';

const templateTextMax = 300 * 1024;
const templates = z
  .record(text(1, 256), text(0, templateTextMax), { error: 'allowed: a map of template key to text' })
  .default({});
const templateSelectionExpression = text(1, 1024).optional();

const timeoutText = `Timeout should be between ${limits.integrationTimeoutMsMin} ms and ${limits.integrationTimeoutMs} ms`;

export const integrationResponseSchema = z
  .strictObject({
    integrationResponseKey: text(1, 128).optional().describe('As the key it stands under.'),
    templateSelectionExpression: templateSelectionExpression.describe(
      'Chooses among `responseTemplates`. Unset: `application/json`, then `$default`.',
    ),
    responseTemplates: templates.describe(
      'Text of the reply by template key. Static in this version: `$` and `#` are refused.',
    ),
  })
  .describe('What a matching answer of the back end becomes.');

export const integrationSchema = z
  .strictObject({
    integrationType: oneOf(['HTTP_PROXY', 'HTTP', 'MOCK']).describe(
      '`HTTP_PROXY` passes the message and the answer through; `HTTP` and `MOCK` go through templates.',
    ),
    integrationUri: text(1, 2048)
      .optional()
      .describe('Absolute http:// or https:// URL, may hold `${stageVariables.name}`. Required except for `MOCK`.'),
    integrationMethod: oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'ANY'])
      .default('POST')
      .describe('Method of the request to the back end; `ANY` is sent as POST.'),
    timeoutInMillis: z
      .int({ error: timeoutText })
      .min(limits.integrationTimeoutMsMin, { error: timeoutText })
      .max(limits.integrationTimeoutMs, { error: timeoutText })
      .default(limits.integrationTimeoutMs)
      .describe('How long connecting and answering may take together, in milliseconds.'),
    passthroughBehavior: oneOf(['WHEN_NO_MATCH', 'NEVER', 'WHEN_NO_TEMPLATES'])
      .default('WHEN_NO_MATCH')
      .describe('What becomes of a message without a matching request template.'),
    requestTemplates: templates.describe(
      'Text of the request body by template key. Static in this version: `$` and `#` are refused.',
    ),
    templateSelectionExpression: templateSelectionExpression.describe(
      'Chooses among `requestTemplates`. Unset: `application/json`, then `$default`.',
    ),
    integrationResponses: z
      .record(text(1, 128), integrationResponseSchema.nullable(), { error: 'allowed: a map of keys to responses' })
      .default({})
      .describe('By key: `$default`, a status such as `200`, or `/regex/`. In order; the first match wins.'),
    connectionType: oneOf(['INTERNET']).default('INTERNET').describe('Only `INTERNET` in this version.'),
    payloadFormatVersion: textLike(/^1\.0$/, '"1.0"')
      .optional()
      .describe('Always `"1.0"`.'),
    description,
  })
  .describe('A back end, or a canned answer.');

export type IntegrationInput = z.output<typeof integrationSchema>;
