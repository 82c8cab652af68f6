import type { FuzzTarget } from '../target.js';
import { accessLogFormats } from './access-log-formats.js';
import { authorizerResults } from './authorizer-results.js';
import { expressions } from './expressions.js';
import { frames } from './frames.js';
import { handshakes } from './handshakes.js';
import { jsonPaths } from './json-paths.js';
import { lambdaResults } from './lambda-results.js';
import { models } from './models.js';
import { parameterMappings } from './parameter-mappings.js';
import { policies } from './policies.js';
import { templates } from './templates.js';

export const targets: readonly FuzzTarget[] = [
  frames,
  handshakes,
  templates,
  expressions,
  jsonPaths,
  parameterMappings,
  accessLogFormats,
  policies,
  authorizerResults,
  lambdaResults,
  models,
];
