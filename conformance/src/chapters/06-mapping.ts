import type { Chapter } from '../rule.js';
import { mappings } from './06-a-mapping.js';
import { templates } from './06-b-templates.js';
import { contexts } from './06-c-context.js';

export const mapping: Chapter = {
  number: '06',
  name: 'mapping and templates',
  rules: [...mappings, ...contexts, ...templates],
};
