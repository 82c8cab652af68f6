import type { Chapter } from '../rule.js';
import { connections } from './01-connections.js';
import { routing } from './02-routing.js';
import { clientErrors } from './03-client-errors.js';
import { integrations } from './04-integrations.js';
import { lambdaEvents } from './05-lambda-events.js';
import { mapping } from './06-mapping.js';
import { responses } from './07-responses.js';
import { authorization } from './08-authorization.js';
import { callbacks } from './09-callbacks.js';
import { stages } from './12-stages.js';
import { models } from './13-models.js';
import { quotas } from './14-quotas.js';
import { order } from './order.js';

/** Every chapter, in the order of the specification. */
export const chapters: readonly Chapter[] = [
  connections,
  routing,
  clientErrors,
  integrations,
  lambdaEvents,
  mapping,
  responses,
  authorization,
  callbacks,
  stages,
  models,
  quotas,
  order,
];
