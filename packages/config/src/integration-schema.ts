import { limits } from '@sluice/contracts';
import { z } from 'zod';
import { description, oneOf, shownByAws, text, textLike, textMap } from './schema-kinds.js';

const templateTextMax = 300 * 1024;
const templates = z
  .record(text(1, 256), text(0, templateTextMax), { error: 'allowed: a map of template key to text' })
  .default({});
const templateSelectionExpression = text(1, 1024).optional();

const contentHandling = oneOf(['CONVERT_TO_BINARY', 'CONVERT_TO_TEXT']).optional();
const roleArn = textLike(
  /^(?:arn:aws[\w-]*:iam::(?:\d{12}|\*|\$\{stageVariables\.\w+\}):[^\s{}]*(?:\$\{stageVariables\.\w+\}[^\s{}]*)*|\$\{stageVariables\.\w+\})$/,
  'a role ARN, arn:aws:iam::<account>:role/<name>',
).optional();

const timeoutText = `Timeout should be between ${limits.integrationTimeoutMsMin} ms and ${limits.integrationTimeoutMs} ms`;

export const integrationResponseSchema = z
  .strictObject({
    integrationResponseKey: text(1, 128).optional().describe('As the key it stands under.'),
    templateSelectionExpression: templateSelectionExpression.describe(
      'Chooses among `responseTemplates`. Unset: `application/json`, then `$default`.',
    ),
    responseTemplates: templates.describe('Mapping templates (VTL) of the reply by template key.'),
    responseParameters: textMap(512, 2048)
      .default({})
      .describe('`method.response.header.<name>`: where the header of a handshake answer comes from.'),
    contentHandlingStrategy: contentHandling.describe(
      '`CONVERT_TO_TEXT` encodes the answer in base64, `CONVERT_TO_BINARY` decodes it.',
    ),
    integrationResponseId: shownByAws,
  })
  .describe('What a matching answer of the back end becomes.');

export const integrationSchema = z
  .strictObject({
    integrationType: oneOf(['HTTP_PROXY', 'HTTP', 'MOCK', 'AWS_PROXY', 'AWS']).describe(
      '`HTTP_PROXY` passes message and answer through, `AWS_PROXY` gives a function the whole event; `HTTP`, `AWS` (a function or a service) and `MOCK` go through templates.',
    ),
    integrationUri: text(1, 2048)
      .optional()
      .describe(
        'Absolute http:// or https:// URL, or for `AWS` and `AWS_PROXY` `arn:aws:apigateway:<region>:<service>:…`. May hold `${stageVariables.name}`, a URL also `{name}`. Required except for `MOCK`.',
      ),
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
    requestTemplates: templates.describe('Mapping templates (VTL) of the request body by template key.'),
    requestParameters: textMap(512, 2048)
      .default({})
      .describe(
        "`integration.request.header|querystring|path.<name>`: `route.request.…`, `context.…`, `stageVariables.…` or `'literal'`.",
      ),
    contentHandlingStrategy: contentHandling.describe(
      '`CONVERT_TO_BINARY` decodes a message from base64 before it goes to the back end.',
    ),
    credentialsArn: roleArn.describe('Stored; calls are signed with `aws.credentials`.'),
    handshakeHeadersDropped: z
      .array(textLike(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'the name of a header'), {
        error: 'allowed: a list of header names',
      })
      .optional()
      .describe('Handshake headers that `HTTP_PROXY` does not pass on to `$connect`; AWS passes all of them.'),
    tlsConfig: z
      .strictObject({
        serverNameToVerify: textLike(/^[A-Za-z0-9._-]{1,253}$/, 'a host name')
          .optional()
          .describe('Name that the certificate of an https back end must have.'),
      })
      .optional()
      .describe('How the back end proves who it is.'),
    templateSelectionExpression: templateSelectionExpression.describe(
      'Chooses among `requestTemplates`. Unset: `application/json`, then `$default`.',
    ),
    integrationResponses: z
      .record(text(1, 128), integrationResponseSchema.nullable(), { error: 'allowed: a map of keys to responses' })
      .default({})
      .describe('By key: `$default`, a status such as `200`, or `/regex/`. In order; the first match wins.'),
    connectionType: oneOf(['INTERNET', 'VPC_LINK'])
      .default('INTERNET')
      .describe('`VPC_LINK` is a marker: the back end is called like any other.'),
    connectionId: text(1, 1024).optional().describe('The VPC link; required with `VPC_LINK`, and stored.'),
    payloadFormatVersion: textLike(/^1\.0$/, '"1.0"')
      .optional()
      .describe('Always `"1.0"`.'),
    integrationResponseSelectionExpression: shownByAws,
    integrationId: shownByAws,
    apiGatewayManaged: shownByAws,
    description,
  })
  .describe('A back end, or a canned answer.');

export type IntegrationInput = z.output<typeof integrationSchema>;
