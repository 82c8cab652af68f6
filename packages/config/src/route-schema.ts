import { limits } from '@sluice/contracts';
import { z } from 'zod';
import { integrationSchema } from './integration-schema.js';
import { oneOf, shownByAws, text, textLike, textMap, yesOrNo } from './schema-kinds.js';

const routeKeyAllowed = `1 to ${limits.routeKeyLengthMax} characters; of those that begin with $ only $connect, $disconnect, $default`;
export const routeKey = textLike(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  /^(?:\$connect|\$disconnect|\$default|(?!\$)[^\u0000-\u001f\u007f]{1,128})$/,
  routeKeyAllowed,
);

const parameterConstraints = z
  .record(
    textLike(
      /^route\.request\.(?:header|querystring)\.[A-Za-z0-9._$-]+$/,
      'route.request.header.<name> or route.request.querystring.<name>',
    ),
    z.union(
      [
        yesOrNo(),
        z.strictObject({
          required: yesOrNo().default(false).describe('Whether a handshake without it is refused with 400.'),
        }),
      ],
      {
        error: 'allowed: true, false, or { required: true }',
      },
    ),
    { error: 'allowed: a map of parameters to { required: true } or { required: false }' },
  )
  .optional();

const routeResponse = z
  .strictObject({
    routeResponseKey: textLike(/^\$default$/, '$default')
      .optional()
      .describe('As the key it stands under.'),
    modelSelectionExpression: text(1, 1024).optional().describe('Stored and not applied, as AWS does.'),
    responseModels: textMap(128, 128).optional().describe('Stored and not applied, as AWS does.'),
    responseParameters: z.record(z.string(), z.unknown()).optional().describe('Stored and not applied, as AWS does.'),
    routeResponseId: shownByAws,
  })
  .nullable()
  .describe('Present: the answer of the integration is sent to the client.');

const routeObject = z.strictObject({
  routeKey: routeKey.optional().describe('As the key it stands under.'),
  integration: z
    .union([text(1, 2048), integrationSchema], {
      error: 'allowed: the name of an integration, a URL, or an integration',
    })
    .optional()
    .describe(
      'Name of an integration, a URL (short for `HTTP_PROXY` with POST), the invocation ARN of a function (short for `AWS_PROXY`), or an integration written out here.',
    ),
  target: textLike(/^integrations\/.+$/, 'integrations/<name of an integration>')
    .optional()
    .describe('The AWS form of `integration`: `integrations/<name>`.'),
  routeResponse: yesOrNo().optional().describe('`true` sends the answer of the integration to the client.'),
  routeResponses: z
    .strictObject({ $default: routeResponse.optional() })
    .optional()
    .describe('The AWS form of `routeResponse`: `{ $default: {} }`.'),
  routeResponseSelectionExpression: textLike(/^\$default$/, '$default')
    .optional()
    .describe('Always `$default`.'),
  authorizationType: oneOf(['NONE', 'AWS_IAM', 'CUSTOM', 'JWT'])
    .optional()
    .describe(
      'Who may pass. `JWT`, and any other than `NONE` on routes beside `$connect`, are not known to AWS. Unset: `NONE`, or what the named authorizer is for.',
    ),
  authorizer: text(1, 128).optional().describe('Name of an authorizer of this API, for `CUSTOM` and `JWT`.'),
  authorizerId: text(1, 128).optional().describe('The AWS form of `authorizer`; here too it is the name.'),
  authorizationScopes: z
    .array(text(1, 256), { error: 'allowed: a list of scopes' })
    .optional()
    .describe('For `JWT`: the token must have one of them.'),
  apiKeyRequired: yesOrNo().optional().describe('Whether `$connect` needs an API key with a usage plan of the stage.'),
  modelSelectionExpression: text(1, 1024)
    .optional()
    .describe('Chooses among `requestModels`. Without it messages are not checked.'),
  requestModels: textMap(128, 128).optional().describe('Names of models by model key.'),
  requestParameters: parameterConstraints.describe(
    '`route.request.header.<name>` or `route.request.querystring.<name>`: whether the handshake must have it.',
  ),
  order: oneOf(['connection'])
    .optional()
    .describe(
      '`connection`: messages of one connection reach the back end one by one and in their order. Unset: in parallel, as AWS does.',
    ),
  operationName: text(0, 64).optional().describe('For people; the gateway does not use it.'),
  routeId: shownByAws,
  apiGatewayManaged: shownByAws,
});

export const routeSchema = z
  .union([text(1, 2048), routeObject], { error: 'allowed: the name of an integration, a URL, or a map' })
  .describe(
    'Name of an integration, a URL (short for `HTTP_PROXY`, POST), the invocation ARN of a function (short for `AWS_PROXY`), or a map.',
  );

export type RouteInput = z.output<typeof routeSchema>;
