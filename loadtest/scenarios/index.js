import { drainUnderLoad } from './drain-under-load.js';
import { echo } from './echo.js';
import { webhookEcho } from './webhook-echo.js';

export const scenarios = Object.fromEntries(
  [echo, webhookEcho, drainUnderLoad].map((scenario) => [scenario.name, scenario]),
);
