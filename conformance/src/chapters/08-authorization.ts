import type { Chapter } from '../rule.js';
import { identityRules } from './08-a-identity.js';
import { authorizerRules } from './08-b-authorizers.js';
import { iamRules } from './08-c-iam.js';
import { apiKeyRules } from './08-d-api-keys.js';
import { extensionRules } from './08-e-extensions.js';
import { jwtRules } from './08-f-tokens.js';

export const authorization: Chapter = {
  number: '08',
  name: 'authorization',
  rules: [...identityRules, ...authorizerRules, ...iamRules, ...apiKeyRules, ...extensionRules, ...jwtRules],
};
