import { GatewayError } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { mappingSources } from './sources.fixture.js';
import { compileTemplate } from './template.js';

const render = (template: string, body = '', members = {}) =>
  compileTemplate(template, 'test')(mappingSources(body, members)).text;

const order = JSON.stringify({
  action: 'send',
  data: { text: 'it\'s "fine"', room: 'lobby' },
  items: [
    { id: 'a', n: 1 },
    { id: 'b', n: 2 },
  ],
});

// Templates as they stand in guides, repositories and questions about the model service, in their own words.
const realTemplates: [name: string, template: string, body: string, expected: string][] = [
  [
    'a message with its connection',
    '{"connectionId":"$context.connectionId","data":$input.json(\'$.data\')}',
    '{"data":{"x":1}}',
    '{"connectionId":"TZNr4dT9IAMCGvA=","data":{"x":1}}',
  ],
  [
    'SQS, action form',
    'Action=SendMessage&MessageBody=$util.urlEncode($input.body)&MessageAttribute.1.Value=$context.connectionId',
    '{"a":"ü b"}',
    'Action=SendMessage&MessageBody=%7B%22a%22%3A%22%C3%BC+b%22%7D&MessageAttribute.1.Value=TZNr4dT9IAMCGvA=',
  ],
  [
    'DynamoDB PutItem',
    `#set($inputRoot = $input.path('$'))
{
  "TableName": "\${stageVariables.table}",
  "Item": {
    "id": { "S": "$context.connectionId" },
    "text": { "S": "$util.escapeJavaScript($inputRoot.data.text).replaceAll("\\\\'","'")" },
    "at": { "N": "$context.requestTimeEpoch" }
  }
}`,
    order,
    `{
  "TableName": "messages",
  "Item": {
    "id": { "S": "TZNr4dT9IAMCGvA=" },
    "text": { "S": "it's \\"fine\\"" },
    "at": { "N": "1700000000000" }
  }
}`,
  ],
  [
    'Step Functions StartExecution',
    `#set($input = $input.json('$'))
{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:m"}`,
    '{"a":[1,2]}',
    '{"input": "{\\"a\\":[1,2]}", "stateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:m"}',
  ],
  [
    'Kinesis PutRecord',
    '{"StreamName":"s","Data":"$util.base64Encode($input.json(\'$.data\'))","PartitionKey":"$input.path(\'$.data.room\')"}',
    '{"data":{"room":"r"}}',
    `{"StreamName":"s","Data":"${Buffer.from('{"room":"r"}').toString('base64')}","PartitionKey":"r"}`,
  ],
  [
    'a list rebuilt',
    `#set($root = $input.path('$'))
[
#foreach($item in $root.items)
  {"key": "$item.id", "index": $foreach.index}#if($foreach.hasNext),#end

#end
]`,
    order,
    '[\n  {"key": "a", "index": 0},\n  {"key": "b", "index": 1}\n]',
  ],
  [
    'all parameters',
    `#set($params = $input.params())
{#foreach($type in $params.keySet())#set($map = $params.get($type))"$type": {#foreach($name in $map.keySet())"$name": "$util.escapeJavaScript($map.get($name))"#if($foreach.hasNext),#end#end}#if($foreach.hasNext),#end#end}`,
    '',
    '{"path": {},"querystring": {"token": "a\\/b"},"header": {"Host": "x","X-Kind": "k"}}',
  ],
  [
    'an authorizer checked',
    '#if($context.authorizer.tier == "gold" && $input.path("$.data.room") != "")yes#{else}no#end',
    order,
    'yes',
  ],
  [
    'a response that flattens errors',
    `#set($root = $input.path('$'))#if($root.errorMessage.matches(".*Unauthorized.*"))#set($context.responseOverride.status = 401){"error":"no"}#else$input.json('$')#end`,
    '{"errorMessage":"[x] Unauthorized: y"}',
    '{"error":"no"}',
  ],
  [
    'keys of an object',
    `{#foreach($key in $input.path('$.data').keySet())"$key":"$input.path('$.data').get($key)"#if($foreach.hasNext),#end#end}`,
    '{"data":{"10":"x","b":"y","2":"z"}}',
    '{"10":"x","b":"y","2":"z"}',
  ],
  ['the mock', '{"statusCode": 200}', 'anything', '{"statusCode": 200}'],
  ['an unknown reference', '$foo.bar $!foo.bar ${foo.bar("x")}$5 #fff', '', '$foo.bar  ${foo.bar("x")}$5 #fff'],
];

describe('templates as people write them', () => {
  it.each(realTemplates)('[MT-4] [MT-5] %s', (_, template, body, expected) => {
    const handshake = {
      headers: [
        ['host', 'x'],
        ['x-kind', 'k'],
      ],
      queryString: 'token=a%2Fb',
    };
    const result = render(template, body, { handshake });
    expect(result.replaceAll('\n\n', '\n')).toBe(expected);
  });
});

const passThroughAll = `##  This template passes everything through
#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName)).replaceAll("\\\\'","'")"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : { "account-id" : "$context.identity.accountId", "source-ip" : "$context.identity.sourceIp" }
}
`;

describe('the template that passes everything through', () => {
  it.each(['\n', '\r\n'])('[MT-4] [MT-5] [MT-6] gives JSON, lines ending in %j', (lineEnd) => {
    const handshake = { headers: [['x-a', `it's "q"`]], queryString: 'token=t' };
    expect(JSON.parse(render(passThroughAll.replaceAll('\n', lineEnd), '{"a":[1]}', { handshake }))).toEqual({
      'body-json': { a: [1] },
      params: { path: {}, querystring: { token: 't' }, header: { 'X-A': `it's "q"` } },
      'stage-variables': { table: 'messages', url: 'example.com' },
      context: { 'account-id': '', 'source-ip': '203.0.113.7' },
    });
  });
});

const language: [template: string, expected: string][] = [
  // Directives.
  ['#set($x = 1)#set ($y = "v$x")$y ${y}z', 'v1 v1z'],
  ['a\n#set($x = 1)\nb\n', 'a\nb\n'],
  ['#if($nope)1#elseif(1 == 2)2#{else}3#end', '3'],
  ['#{if}(true)y#{end}z', 'yz'],
  ['#if(0)zero#end#if("")empty#end#if(false)no#end', 'zeroempty'],
  [
    '#foreach($i in [1..3])$foreach.index/$foreach.count/$velocityCount$foreach.hasNext$foreach.first$foreach.last;#end',
    '0/1/1truetruefalse;1/2/2truefalsefalse;2/3/3falsefalsetrue;',
  ],
  ['#foreach($i in [3..1])$i#end $i', '321 $i'],
  ['#foreach($i in [])x#else none#end', ' none'],
  ['#foreach($a in [1,2])#foreach($b in [1,2])$foreach.parent.count$b #end#end', '11 12 21 22 '],
  ['#foreach($i in [1..9])$i#if($i == 3)#break#end#end!', '123!'],
  ['a#stop b', 'a'],
  ['#foreach($i in [1..3])$i#stop#end', '1'],
  ['#macro(pair $a $b)<$a|$b>#end#pair("1" $nope)#pair(2, "x")', '<1|$b><2|x>'],
  ['#later(1)#macro(later $a)[$a]#end', '[1]'],
  ['#@wrap()in#end#macro(wrap)($bodyContent)#end', '(in)'],
  ['#define($d)D$x#end#set($x = 1)$d#set($x = 2)$d', 'D1D2'],
  ['a## note $x\n#* more\n#if *#b', 'ab'],
  ['#[[ $x "#if" ]]#', ' $x "#if" '],
  ['#unknown(1) #unknown', '#unknown(1) #unknown'],
  // Texts and literals.
  [`#set($x = 1)#set($s = '$x')$s#set($s = "$x#if(true)t#end")$s`, '$x1t'],
  ['#set($q = "a""b")$q', 'a"b'],
  [`#set($q = 'it''s')$q`, "it's"],
  ['#set($q = "a\\"b$stageVariables.table")$q', 'a"bmessages'],
  ['#set($m = {"b": 1, "2": [1, "x"], "a": {"c": true}})$m $m.a.c $m["2"][1]', '{b=1, 2=[1, x], a={c=true}} true x'],
  [
    '$stageVariables.table $stageVariables["table"] ${stageVariables[\'table\']} [$stageVariables.none]',
    'messages messages messages []',
  ],
  // Numbers and logic.
  [
    '#set($x = 7 / 2)$x #set($x = 7.0 / 2)$x #set($x = 4.0 / 2)$x #set($x = -7 / 2)$x #set($x = 7 % 4)$x',
    '3 3.5 2.0 -3 3',
  ],
  ['#set($x = 1 + 2 * 3 - (4 - 1))$x #set($x = "a" + 1)$x', '4 a1'],
  ['#set($x = 1)#set($x = 1 / 0)$x', '1'],
  ['#if(1 == "1" && !(2 > 3) || false)y#end#if(1 lt 2 and 2 ge 2 and 1 ne 2)z#end', 'yz'],
  ['#if("a" < "b")y#{else}n#end', 'n'],
  ['#set($a = [1, {"a": 2}])#set($b = [1, {"a": 2}])#if($a == $b)same#end#if($a == {"a": 2})not#end', 'same'],
  // Texts' methods.
  [
    '#set($s = " aXbXc ")$s.trim().length()$s.trim().split("X")$s.indexOf("b")$s.contains("X")$s.isEmpty()',
    '5[a, b, c]3truefalse',
  ],
  [
    '#set($s = "Hello")$s.substring(1, 3)$s.substring(3)$s.toUpperCase()$s.toLowerCase()$s.replace("l", "L")$s.startsWith("He")$s.endsWith("x")',
    'elloHELLOhelloHeLLotruefalse',
  ],
  [
    '#set($s = "a.b1c22")$s.replaceAll("[0-9]+", "#")|$s.replaceAll(".", "x")|$s.replaceAll("(\\w)\\.", "$1-")|$s.matches("a.*2")|$s.matches("b")|$s.equals("a.b1c22")',
    'a.b#c#|xxxxxxx|a-b1c22|true|false|true',
  ],
  // Lists', maps' and numbers' methods.
  ['#set($l = ["b"])#set($ignored = $l.add("a"))$l.size()$l.get(1)$l.contains("b")$l.isEmpty()$l', '2atruefalse[b, a]'],
  [
    '#set($m = {"k": "v"})#set($ignored = $m.put("n", 2))$m.keySet()$m.values()$m.size()$m.containsKey("k")$m.isEmpty()$m.get("n")#foreach($e in $m.entrySet())$e.key:$e.getValue();#end',
    '[k, n][v, 2]2truefalse2k:v;n:2;',
  ],
  ['#set($m = {})#set($m.a = 1)#set($m["b"] = 2)$m', '{a=1, b=2}'],
  ['#set($n = 7.9)$n.intValue() $n.toString().length()', '7 3'],
  // Nothing that JavaScript inherits.
  ['#set($m = {})$!m.constructor$!m.__proto__$!m.get("constructor")$!m.hasOwnProperty("a")$!m.toString', ''],
  ['#set($l = [1])$!l.constructor$!l.length$!l.push(1)#set($s = "a")$!s.constructor$!s.getClass()$!s.at(0)', ''],
  ['$input.constructor$input.state$util.call$context.constructor$stageVariables.constructor$input.getClass()', ''],
  ['#set($m = {"__proto__": "p", "constructor": "c"})$m.__proto__$m.constructor$m', 'pc{__proto__=p, constructor=c}'],
];

describe('the language', () => {
  it.each(language)('[MT-4] %s', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it('[MT-4] leaves what inherits from Object as it was, whatever a template assigns', () => {
    render('#set($r = $input.path("$"))#set($r.__proto__ = {"x": 1})#set($r.constructor.prototype.y = 2)', '{"a":1}');
    render('#set($e = $input.path("$.a"))#set($ignored = $e.put("__proto__", {"z": 1}))', '{"a":{}}');
    expect([{}, Object.prototype].map((each) => ['x', 'y', 'z'].filter((name) => name in each))).toEqual([[], []]);
  });

  it('[MT-4] keeps the stage variables and the next rendering from what a template writes', () => {
    const stageVariables = { table: 'messages' };
    const compiled = compileTemplate(
      '$stageVariables.table#set($ignored = $stageVariables.put("table", "x"))#set($context.routeKey = "y")$stageVariables.table$!v#set($v = 1)',
      'test',
    );
    const sources = mappingSources('', { stageVariables });
    expect([compiled(sources).text, compiled(sources).text]).toEqual(['messagesx', 'messagesx']);
    expect(stageVariables).toEqual({ table: 'messages' });
  });
});

describe('$input', () => {
  it('[MT-5] keeps numbers and the order of members as they were written', () => {
    const body = '{"2":1.0,"1":12345678901234567890,"a":[1e3,-0,{"b":null}],"s":"é\\n"}';
    expect(render("$input.json('$')", body)).toBe(
      '{"2":1.0,"1":12345678901234567890,"a":[1e3,-0,{"b":null}],"s":"é\\n"}',
    );
    expect(render("$input.path('$').a $input.path('$.2')", body)).toBe('[1e3, -0, {b=null}] 1.0');
  });

  it('[MT-5] gives JSON again after a template has put maps into the message', () => {
    expect(
      render(
        `#set($r = $input.path('$'))#set($r.n = {"m": [1.50, "x"]})$input.json('$') $input.json("$['a','n']")`,
        '{"a":1}',
      ),
    ).toBe('{"a":1,"n":{"m":[1.5,"x"]}} {"a":1,"n":{"m":[1.5,"x"]}}');
  });

  it('[MT-5] of a path that leads nowhere is "" as JSON and nothing as a value', () => {
    expect(render(`$input.json('$.x')|$input.path('$.x')|#if($input.path('$.x'))y#{else}n#end`, '{}')).toBe('""||n');
  });

  it('[MT-5] of no body is {}, and of what is no JSON a text', () => {
    expect(render("$input.json('$')|$input.body")).toBe('{}|');
    expect(render("$input.json('$')|$input.path('$')|$input.json('$.a')", 'ping')).toBe('"ping"|ping|""');
  });

  it('[MT-5] takes paths that are made at run time', () => {
    expect(
      render(
        '#set($k = "b")$input.path("$.a[?(@.id == \'$k\')].n") $input.json("$.$k")',
        '{"a":[{"id":"b","n":5}],"b":[7]}',
      ),
    ).toBe('[5] [7]');
  });

  it('[MT-5] has header and query of the handshake, headers in any spelling', () => {
    const handshake = {
      headers: [
        ['x-trace-id', 't'],
        ['accept', 'a'],
      ],
      queryString: 'q=1&q=2&accept=query',
    };
    expect(
      render(
        '$input.params("q") $input.params("accept") $input.params("X-TRACE-ID") [$input.params("no")] $input.params().header $input.params().querystring.q',
        '',
        { handshake },
      ),
    ).toBe('2 query t [] {X-Trace-Id=t, Accept=a} 2');
  });

  it('[MT-5] [LE-1] shows headers as the definitions spell them, where they do', () => {
    const handshake = { headers: [['x-roomid', '7'] as [string, string]], queryString: '' };
    const headerSpellings = new Map([['x-roomid', 'X-roomID']]);
    const template = '$input.params().header $input.params("x-ROOMID")';
    expect(render(template, '', { handshake, headerSpellings })).toBe('{X-roomID=7} 7');
  });
});

describe('$util', () => {
  it.each([
    ['$util.escapeJavaScript($input.body)', `a'b"c\\d/e\n\t\u0001é漢`, `a\\'b\\"c\\\\d\\/e\\n\\t\\u0001\\u00E9\\u6F22`],
    ['$util.urlEncode($input.body)', "a b+c&d*e-f_g.h~i'(!)é", 'a+b%2Bc%26d*e-f_g.h%7Ei%27%28%21%29%C3%A9'],
    ['$util.urlDecode($input.body)', 'a+b%2Bc%C3%A9', 'a b+cé'],
    ['$util.base64Encode($input.body)', 'é?', 'w6k/'],
    ['$util.base64Decode($input.body)', 'w6k/', 'é?'],
    ['$util.parseJson($input.body).a[1].b', '{"a":[0,{"b":"x"}]}', 'x'],
    ['[$util.urlEncode($input.path("$.nope"))][$util.nope("x")]', '{}', '[][]'],
  ])('[MT-5] %s', (template, body, expected) => {
    expect(render(template, body)).toBe(expected);
  });

  it.each([
    ['$util.parseJson("{")', 'no JSON'],
    ['$util.base64Decode("*")', 'no base64'],
    ['$util.urlDecode("%zz")', 'hex digits'],
  ])('[MT-5] fails out loud: %s', (template, reason) => {
    expect(() => render(template)).toThrow(reason);
  });
});

describe('$context and its overrides', () => {
  it('[MT-6] has the variables, nested by their dots; a missing one is empty', () => {
    expect(
      render(
        '$context.identity.sourceIp $context.authorizer.tier $context.authorizer["principalId"] [$context.nope.x] $context.identity',
      ),
    ).toBe('203.0.113.7 gold ann [] {sourceIp=203.0.113.7}');
  });

  it('[MT-6] is asked for once at most, and not by a template without it', () => {
    let calls = 0;
    const context = () => {
      calls += 1;
      return { connectionId: 'c' };
    };
    compileTemplate('$input.body', 'test')(mappingSources('', { context }));
    expect(calls).toBe(0);
    compileTemplate('$context.connectionId$context.connectionId$context', 'test')(mappingSources('', { context }));
    expect(calls).toBe(1);
  });

  it('[MT-6] collects overrides of header, query, path and status', () => {
    const template =
      '#set($context.requestOverride.header.X-A = "v$context.routeKey")#set($context.requestOverride.querystring.q = 1)#set($context.requestOverride.path.id = "p")#set($context.responseOverride.status = "201")#set($context.responseOverride.header["Y"] = "z")ok';
    const rendered = (kind?: 'request' | 'response') =>
      compileTemplate(template, 'test', kind)(mappingSources()).overrides;
    expect(rendered('request')).toEqual({
      header: [['X-A', 'vsend']],
      querystring: [['q', '1']],
      path: [['id', 'p']],
      status: undefined,
    });
    expect(rendered('response')).toEqual({ header: [['Y', 'z']], querystring: [], path: [], status: 201 });
    expect(rendered()?.header).toHaveLength(2);
    expect(compileTemplate('$context.requestOverride.header.X', 'test')(mappingSources()).overrides).toBeUndefined();
  });

  it.each([
    ['#set($context.requestOverride.header.X = $input.body)', 'a\r\nEvil: 1'],
    ['#set($h = $context.requestOverride.header)#set($h["a b"] = "x")', ''],
    ['#set($context.responseOverride.status = 99)', ''],
    ['#set($context.responseOverride.status = "2xx")', ''],
  ])('[MT-6] refuses an override that no answer may have: %s', (template, body) => {
    expect(() => render(template, body)).toThrow(GatewayError);
  });
});
