import { describe, expect, it } from 'vitest';
import { InvalidExpressionError } from './selection-template.js';
import {
  compileResponseTemplateSelectionExpression,
  compileTemplateSelectionExpression,
} from './template-selection-expression.js';

const stageVariables = { version: 'v2', 'a-b': 'x', dollar: '$request.body.type' };
const body = Buffer.from('{"type":"order"}');

describe('[SL-1] stage variables choose templates and models', () => {
  it.each([
    ['$stageVariables.version', 'v2'],
    ['${stageVariables.version}', 'v2'],
    ["${stageVariables['a-b']}", 'x'],
    ['${request.body.type}-${stageVariables.version}', 'order-v2'],
    ['${stageVariables.missing}${request.body.type}', 'order'],
    ['$stageVariables.missing', ''],
    ['$stageVariables.constructor', ''],
    ['$stageVariables.dollar', '$request.body.type'],
  ])('%s is %j, for requests and responses', (expression, key) => {
    expect(compileTemplateSelectionExpression(expression, stageVariables)(body)).toBe(key);
    const sources = { requestBody: body, status: 200, headers: [] };
    expect(compileResponseTemplateSelectionExpression(expression, stageVariables)(sources)).toBe(key);
  });

  it.each(['$stageVariables', '$stageVariables.a.b', '$stageVariables[0]', '$context.stage'])(
    '%s is refused',
    (text) => {
      expect(() => compileTemplateSelectionExpression(text, stageVariables)).toThrow(InvalidExpressionError);
      expect(() => compileResponseTemplateSelectionExpression(text, stageVariables)).toThrow(InvalidExpressionError);
    },
  );
});
