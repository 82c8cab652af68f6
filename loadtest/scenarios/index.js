import { churn } from './churn.js';
import { connectStorm } from './connect-storm.js';
import { drainUnderLoad } from './drain-under-load.js';
import { echo } from './echo.js';
import { fanOut } from './fan-out.js';
import { idleHold } from './idle-hold.js';
import { managementPost } from './management-post.js';
import { slowConsumer } from './slow-consumer.js';
import { webhookEcho } from './webhook-echo.js';

const all = [connectStorm, idleHold, echo, webhookEcho, managementPost, fanOut, churn, slowConsumer, drainUnderLoad];

export const scenarios = Object.fromEntries(all.map((scenario) => [scenario.name, scenario]));
