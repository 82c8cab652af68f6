import type { Chapter } from '../rule.js';
import { messagesToHttp } from './04-a-http-messages.js';
import { handshakesToHttp } from './04-b-http-handshakes.js';
import { mocks } from './04-c-mock.js';
import { functions } from './04-d-functions.js';
import { services } from './04-e-services.js';

export const integrations: Chapter = {
  number: '04',
  name: 'integrations',
  rules: [...messagesToHttp, ...handshakesToHttp, ...mocks, ...functions, ...services],
};
