import type { Random } from './random.js';
import { anyName, anyText } from './texts.js';

const variables = [
  'x',
  'l',
  'm',
  'input',
  'util',
  'context',
  'stageVariables',
  'foreach',
  'velocityCount',
  '__proto__',
];
const paths = ['$', '$.a', '$..*', '$.items[*]', '$..a[?(@.b > 1)]', "$['a.b']", '$.a[0:2]', '$.length()', '$..['];
const functions = [
  'escapeJavaScript',
  'parseJson',
  'urlEncode',
  'urlDecode',
  'base64Encode',
  'base64Decode',
  'getClass',
];
const members = [
  ...['.a', '.__proto__', '.constructor', '.prototype', '.class', '.body', '.length', '.count', '.hasNext', '.index'],
  ...['[0]', '[-1]', '["a"]', '["__proto__"]', '[$x]'],
  ...['.size()', '.isEmpty()', '.keySet()', '.values()', '.entrySet()', '.iterator()', '.toString()', '.getClass()'],
  ...['.hashCode()', '.trim()', '.toUpperCase()', '.length()', '.clear()', '.call("a")', '.valueOf()', '.stop()'],
  ...['.requestOverride.header', '.responseOverride.status', '.requestOverride.path', '.identity.sourceIp'],
];
const callable = [
  ...['get', 'put', 'add', 'addAll', 'remove', 'contains', 'containsKey', 'equals', 'indexOf', 'set', 'params'],
  ...['split', 'replace', 'replaceAll', 'replaceFirst', 'matches', 'substring', 'startsWith', 'concat', 'charAt'],
  ...['json', 'path', 'subList', 'putAll', 'format', 'compareTo', 'codePointAt', 'join'],
];
const patterns = [
  '(a+)+$',
  '(a|b)*',
  '[^a]+',
  '(?i)x{2,9}',
  '\\\\d{1000}',
  '(',
  '(.*)(.*)(.*)!',
  '\\\\Qa',
  '$0',
  '(?=a)b',
];
const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '&&', '||', 'eq', 'and'];

/** Words that edits put anywhere. */
export const templateWords = [
  ...[
    '#if(',
    '#else',
    '#elseif(true)',
    '#end',
    '#foreach($i in ',
    '#set(',
    '#macro(f',
    '#define($d)',
    '#break',
    '#stop',
  ],
  ...['#[[', ']]#', '#*', '*#', '##', '$', '$!', '${', '}', '$input', '$util.', '\\$', '"', "'", '..', '{}', '[]'],
];

/** Writes mapping templates: mostly of the grammar, with everything that the methods and sources offer. */
export class TemplateWriter {
  constructor(private readonly random: Random) {}

  template(): string {
    return this.block(4);
  }

  private block(depth: number): string {
    return this.random.list(4, () => this.piece(depth)).join(this.random.pick(['', ' ', '\n']));
  }

  private piece(depth: number): string {
    const { random } = this;
    if (depth <= 0) return random.chance(0.5) ? this.reference() : anyText(random);
    const inner = () => this.block(depth - 1);
    switch (random.below(12)) {
      case 0:
      case 1:
        return this.reference();
      case 2:
        return anyText(random);
      case 3:
      case 4:
        return `#set($${this.assignable()} = ${this.expression(2)})`;
      case 5:
        return `#if(${this.expression(2)})${inner()}#elseif(${this.expression(1)})${inner()}#else${inner()}#end`;
      case 6:
        return `#foreach($${random.pick(variables)} in ${this.expression(2)})${inner()}#if($foreach.index > 3)#break#end#end`;
      case 7:
        return `#macro(${random.pick(['f', 'g'])} $x $l)${inner()}#end`;
      case 8:
        return `#${random.pick(['f', 'g'])}(${this.expression(1)} ${this.expression(1)})`;
      case 9:
        return `#define($${random.pick(variables)})${inner()}#end`;
      case 10:
        return random.pick([
          '#[[raw $x]]#',
          '## note\n',
          '#* note *#',
          '\\$x',
          '#stop',
          '#break',
          '$!{x}',
          '#@f() #end',
        ]);
      default:
        return `$!${random.pick(['input', 'util', 'context'])}${this.call(2)}`;
    }
  }

  private reference(): string {
    const { random } = this;
    const inside = `${random.pick(variables)}${random.list(3, () => this.member(1)).join('')}`;
    return random.pick([`$${inside}`, `$!${inside}`, `\${${inside}}`, `$!{${inside}}`]);
  }

  private assignable(): string {
    return `${this.random.pick(variables)}${this.random.chance(0.3) ? this.member(0) : ''}`;
  }

  private member(depth: number): string {
    return depth > 0 && this.random.chance(0.4) ? this.call(depth - 1) : this.random.pick(members);
  }

  private call(depth: number): string {
    const { random } = this;
    if (random.chance(0.3)) return `.${random.pick(functions)}(${this.expression(depth)})`;
    return `.${random.pick(callable)}(${random.list(3, () => this.expression(depth)).join(', ')})`;
  }

  private expression(depth: number): string {
    const { random } = this;
    const inner = () => this.expression(depth - 1);
    switch (random.below(depth > 0 ? 14 : 8)) {
      case 0:
        return random.pick(['0', '1', '-1', '1.5', '2147483648', '99999999999999999999', '1e3']);
      case 1:
        return `"${anyText(random, 6).replaceAll('"', '')}$x"`;
      case 2:
        return `'${random.pick(paths).replaceAll("'", '"')}'`;
      case 3:
        return `"${random.pick(patterns)}"`;
      case 4:
        return `"${anyName(random).replaceAll('"', '')}"`;
      case 5:
        return random.pick([
          'true',
          'false',
          'null',
          '[]',
          '{}',
          '[1..5]',
          '[3..-3]',
          '[1..100000]',
          '"aaaaaaaaaaaaaaaaaaaa!"',
        ]);
      case 6:
      case 7:
        return `$${random.pick(variables)}${random.list(2, () => this.member(depth - 1)).join('')}`;
      case 8:
        return `[${random.list(3, inner).join(', ')}]`;
      case 9:
        return `{"${anyName(random).replaceAll('"', '')}": ${inner()}, "a": ${inner()}}`;
      case 10:
        return `!${inner()}`;
      case 11:
        return `(${inner()})`;
      case 12:
        return `$input${this.call(depth - 1)}`;
      default:
        return `${inner()} ${random.pick(operators)} ${inner()}`;
    }
  }
}
