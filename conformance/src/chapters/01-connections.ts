import type { Chapter } from '../rule.js';
import { handshake } from './01-a-handshake.js';
import { answers } from './01-b-answers.js';
import { closing } from './01-c-closing.js';
import { addresses } from './01-d-addresses.js';

export const connections: Chapter = {
  number: '01',
  name: 'connections',
  rules: [...handshake, ...answers, ...closing, ...addresses],
};
