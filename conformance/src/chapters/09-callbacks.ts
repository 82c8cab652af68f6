import type { Chapter } from '../rule.js';
import { operations } from './09-a-operations.js';
import { signatures } from './09-b-signatures.js';

export const callbacks: Chapter = { number: '09', name: '@connections', rules: [...operations, ...signatures] };
