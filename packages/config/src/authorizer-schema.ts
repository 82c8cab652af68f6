import { limits } from '@sluice/contracts';
import { z } from 'zod';
import { description, oneOf, shownByAws, text, textLike, wholeNumber } from './schema-kinds.js';

const jwtConfiguration = z
  .strictObject({
    issuer: textLike(/^https?:\/\/\S{1,2000}$/, 'the URL that tokens name as `iss`').describe(
      'What tokens must have as `iss`.',
    ),
    audience: z
      .array(text(1, 512), { error: 'allowed: a list of audiences' })
      .default([])
      .describe('One of them must be in the `aud` or `client_id` of a token; empty: any.'),
    jwksUri: textLike(/^https?:\/\/\S{1,2000}$/, 'an http(s) URL')
      .optional()
      .describe('Where the keys are. Unset: found through `{issuer}/.well-known/openid-configuration`.'),
  })
  .describe('For `JWT`.');

export const authorizerSchema = z
  .strictObject({
    name: text(1, 128).optional().describe('Unset: the key it stands under.'),
    authorizerType: oneOf(['REQUEST', 'JWT']).describe(
      '`REQUEST` asks a function or an address; `JWT`, which AWS has for HTTP APIs only, checks a token.',
    ),
    authorizerUri: text(1, 2048)
      .optional()
      .describe(
        'Lambda path ARN, `arn:aws:apigateway:…:lambda:path/2015-03-31/functions/…/invocations`, or an http(s) address that gets the same event by POST. For `REQUEST`.',
      ),
    identitySource: z
      .union([text(0, 4096), z.array(text(0, 1024))], { error: 'allowed: a list of expressions, or text with commas' })
      .default([])
      .describe(
        'Expressions such as `route.request.header.Auth`, all of which a handshake must have; for `JWT` where the token is.',
      ),
    identityValidationExpression: text(0, 1024).optional().describe('Stored and not applied, as AWS does.'),
    authorizerCredentialsArn: text(1, 2048).optional().describe('Stored; functions are called with `aws.credentials`.'),
    authorizerResultTtlInSeconds: wholeNumber(0, limits.authorizerResultTtlSecondsMax, 'seconds, 0 is never')
      .default(0)
      .describe('How long a result is kept by the values of the identity sources. AWS keeps none for WebSocket APIs.'),
    jwtConfiguration: jwtConfiguration.optional(),
    authorizerId: shownByAws,
    description,
  })
  .describe('Who decides whether a client may connect, or a message pass.');

export const modelSchema = z
  .strictObject({
    name: text(1, 128).optional().describe('As the key it stands under.'),
    contentType: text(1, 256).default('application/json').describe('Always JSON in effect.'),
    schema: z
      .union([text(1, limits.modelSchemaLengthMax), z.record(z.string(), z.unknown())], {
        error: `allowed: a JSON Schema of draft 4, as text of at most ${limits.modelSchemaLengthMax} characters or written out`,
      })
      .describe('JSON Schema of draft 4, as text or written out.'),
    modelId: shownByAws,
    description,
  })
  .describe('A shape that messages must have.');

export const modelNameForm = textLike(/^[A-Za-z0-9]{1,128}$/, 'Model name must be alphanumeric');

export type AuthorizerInput = z.output<typeof authorizerSchema>;
export type ModelInput = z.output<typeof modelSchema>;
