import assert from 'node:assert/strict';
import { isOf, marked } from '../events.js';
import { type Chapter, type Rule, rule } from '../rule.js';
import { throttleRules } from './12-a-throttles.js';
import { accessLogRules } from './12-b-access-logs.js';
import { accessLogFailureRules } from './12-c-access-log-failures.js';

const variableRules: Rule[] = [
  rule('SL-1', 'a stage variable names the function of an authorizer', async (target) => {
    for (const stage of ['first', 'second']) {
      const { options, marker } = marked({ stage });
      await target.connect('staged', options);
      const call = await target.backEnd.seen("the authorizer's call", isOf(marker, 'authorizer'));
      assert.equal(call.name, `authorizer-${stage}`);
      assert.deepEqual(call.event.stageVariables, { name: stage });
    }
  }),
  rule('SL-1', 'a stage variable names the function of a route, and is in its event', async (target) => {
    for (const stage of ['first', 'second']) {
      const { options, marker } = marked({ stage });
      await target.connect('staged', options);
      const call = await target.backEnd.seen('the CONNECT event', isOf(marker, 'integration'));
      assert.equal(call.name, `connect-${stage}`);
      assert.deepEqual(call.event.stageVariables, { name: stage });
    }
  }),
];

export const stages: Chapter = {
  number: '12',
  name: 'stages, throttles, access logs',
  rules: [...variableRules, ...throttleRules, ...accessLogRules, ...accessLogFailureRules],
};
