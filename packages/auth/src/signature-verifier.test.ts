import { createHash, createHmac } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessKey } from './access-key.js';
import type { SignedRequest } from './canonical-request.js';
import { createSignatureVerifier } from './signature-verifier.js';

const nowMs = Date.UTC(2026, 8, 25, 0, 22, 29);
const key: AccessKey = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY', allow: ['*'] };
const temporary: AccessKey = { ...key, accessKeyId: 'ASIAEXAMPLE', sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE==' };
const verifier = createSignatureVerifier({
  keys: [key, temporary],
  region: 'us-east-1',
  service: 'execute-api',
  clock: () => nowMs,
});

interface Plan {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
  body: Uint8Array;
}

interface Signing {
  with?: AccessKey;
  region?: string;
  service?: string;
  atMs?: number;
  applyChecksum?: boolean;
}

// The signer's type wants an absent token rather than an undefined one.
function credentialsOf({ accessKeyId, secretAccessKey, sessionToken }: AccessKey) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** Signs as the AWS SDK does, then writes the request as an HTTP server would hand it over. */
async function sign(plan: Plan, signing: Signing = {}): Promise<SignedRequest & { headers: [string, string][] }> {
  const signer = new SignatureV4({
    credentials: credentialsOf(signing.with ?? key),
    region: signing.region ?? 'us-east-1',
    service: signing.service ?? 'execute-api',
    sha256: Sha256,
    applyChecksum: signing.applyChecksum ?? true,
  });
  const signed = await signer.sign(
    {
      protocol: 'https:',
      hostname: 'chat.example.com',
      method: plan.method,
      path: plan.path,
      query: plan.query,
      headers: { host: 'chat.example.com', ...plan.headers },
      body: plan.body,
    },
    { signingDate: new Date(signing.atMs ?? nowMs) },
  );
  const queryString = Object.entries(plan.query)
    .flatMap(([name, values]) =>
      [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
    )
    .join('&');
  const headers = Object.entries(signed.headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return { method: plan.method, rawPath: plan.path, queryString, headers, body: plan.body };
}

const post: Plan = {
  method: 'POST',
  path: '/dev/@connections/gbgHN0-zjQAYKEjhgA%3D%3D',
  query: {},
  headers: { 'content-type': 'application/octet-stream' },
  body: Buffer.from('hello'),
};

const token = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.'), minLength: 1, maxLength: 12 });
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed() && text !== '.' && text !== '..')
  .map(encodeURIComponent)
  .filter((text) => text !== '.' && text !== '..');
const plans: fc.Arbitrary<Plan> = fc.record({
  method: fc.constantFrom('POST', 'GET', 'DELETE'),
  path: fc
    .array(fc.oneof(segment, fc.constantFrom('@connections', '%40connections', 'a=b', "it's(*)!")), { maxLength: 4 })
    .map((segments) => `/${segments.join('/')}`),
  query: fc.dictionary(
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((text) => text.isWellFormed() && !/^x-amz-signature$/i.test(text)),
    fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text.isWellFormed()),
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(
    token.map((text) => `x-${text.toLowerCase()}`),
    fc
      .string({ unit: fc.constantFrom('a', 'B', '7', ' ', '"', ';', '='), minLength: 1, maxLength: 12 })
      .map((text) => `v${text}v`),
    { maxKeys: 4 },
  ),
  body: fc.uint8Array({ maxLength: 300 }),
});

describe('what the AWS signer signs', () => {
  it('[CB-13] verifies, whatever path, query, headers and body', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.boolean(), fc.constantFrom(key, temporary), async (plan, applyChecksum, by) => {
        const request = await sign(plan, { with: by, applyChecksum });
        expect(verifier.verify(request).key?.accessKeyId).toBe(by.accessKeyId);
      }),
      { numRuns: 300 },
    );
  });

  it('[CB-14] no longer verifies once anything signed is changed', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.nat(), fc.nat(), async (plan, what, where) => {
        const request = await sign(plan);
        const changed = mutate(request, what, where);
        expect(verifier.verify(changed).key).toBeUndefined();
        expect(verifier.verify(request).key).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  it('[CB-15] both encodings of a path verify as received, and neither for the other', async () => {
    const plain = await sign({ ...post, path: '/dev/@connections/L0SM9cOFvHcCIhw=' });
    const encoded = await sign({ ...post, path: '/dev/%40connections/L0SM9cOFvHcCIhw%3D' });
    expect(verifier.verify(plain).key).toBe(key);
    expect(verifier.verify(encoded).key).toBe(key);
    expect(verifier.verify({ ...plain, rawPath: encoded.rawPath }).refusal?.reason).toBe('mismatch');
  });
});

/** Changes one thing that the signature covers. */
function mutate(request: SignedRequest & { headers: [string, string][] }, what: number, where: number): SignedRequest {
  const authorization = request.headers.find(([name]) => name === 'authorization')?.[1] ?? '';
  const withAuthorization = (value: string): SignedRequest => ({
    ...request,
    headers: request.headers.map(([name, old]) => [name, name === 'authorization' ? value : old]),
  });
  switch (what % 7) {
    case 0: {
      const at = 1 + (where % request.rawPath.length);
      return { ...request, rawPath: `${request.rawPath.slice(0, at)}x${request.rawPath.slice(at)}` };
    }
    case 1:
      return { ...request, queryString: `${request.queryString}&x=${where}` };
    case 2: {
      const signed = request.headers.filter(([name]) => name !== 'authorization');
      const victim = signed[where % signed.length]?.[0];
      return {
        ...request,
        headers: request.headers.map(([name, value]) => [name, name === victim ? `${value}x` : value]),
      };
    }
    case 3: {
      const body = Buffer.from([...request.body, 0]);
      const at = where % body.length;
      body[at] = (body[at] as number) ^ 1;
      return { ...request, body };
    }
    case 4:
      return { ...request, method: request.method === 'GET' ? 'DELETE' : 'GET' };
    case 5: {
      const digitAt = authorization.length - 64 + (where % 64);
      const other = authorization[digitAt] === '0' ? '1' : '0';
      return withAuthorization(`${authorization.slice(0, digitAt)}${other}${authorization.slice(digitAt + 1)}`);
    }
    default: {
      const replacements: [string, string][] = [
        ['/20260925/', '/20260924/'],
        ['/us-east-1/', '/eu-west-1/'],
        ['/execute-api/', '/s3/'],
        ['/aws4_request', '/aws4_reques'],
        ['AKIDEXAMPLE', 'AKIDEXAMPLF'],
        ['host;', ''],
      ];
      const [from, to] = replacements[where % replacements.length] as [string, string];
      return withAuthorization(authorization.replace(from, to));
    }
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Signs a POST of `hello` over just these headers, as no library would: straight from the definition of the algorithm. */
function signByHand(signed: [string, string][], unsigned: [string, string][] = []): SignedRequest {
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = `POST\n/dev\n\n${lines}\n${names}\n${sha256('hello')}`;
  const scope = '20260925/us-east-1/execute-api/aws4_request';
  const steps = ['20260925', 'us-east-1', 'execute-api', 'aws4_request'];
  const hmac = (by: string | Buffer, text: string) => createHmac('sha256', by).update(text).digest();
  const signingKey = steps.reduce<string | Buffer>((by, step) => hmac(by, step), `AWS4${key.secretAccessKey}`);
  const toSign = `AWS4-HMAC-SHA256\n20260925T002229Z\n${scope}\n${sha256(canonical)}`;
  const signature = hmac(signingKey, toSign).toString('hex');
  const credential = `Credential=${key.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`;
  const headers = [...signed, ...unsigned, ['authorization', authorization] as const];
  return { method: 'POST', rawPath: '/dev', queryString: '', headers, body: Buffer.from('hello') };
}

describe('refusals', () => {
  const reasonOf = async (signing: Signing) => verifier.verify(await sign(post, signing)).refusal;
  const edit = (request: SignedRequest, name: string, to: string | undefined): SignedRequest => ({
    ...request,
    headers: request.headers.filter(([n]) => n !== name).concat(to === undefined ? [] : [[name, to]]),
  });

  it('[CB-11] not signed at all', async () => {
    const refusal = verifier.verify(edit(await sign(post), 'authorization', undefined)).refusal;
    expect(refusal).toEqual({
      reason: 'missing',
      detail: 'it is not signed',
      errorType: 'MissingAuthenticationTokenException',
      body: '{"message":"Missing Authentication Token"}',
    });
  });

  it('[CB-14] signed with another secret', async () => {
    const refusal = await reasonOf({ with: { ...key, secretAccessKey: 'other' } });
    expect(refusal?.errorType).toBe('InvalidSignatureException');
    expect(refusal?.body).toBe(
      '{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}',
    );
  });

  it('[CB-14] other region, other service, unknown key', async () => {
    const refusal = await reasonOf({ region: 'eu-west-1' });
    expect(refusal).toMatchObject({
      reason: 'scope',
      detail: expect.stringContaining('aws.region, which is us-east-1'),
    });
    expect((await reasonOf({ service: 'lambda' }))?.reason).toBe('scope');
    expect((await reasonOf({ with: { ...key, accessKeyId: 'AKIDOTHER' } }))?.reason).toBe('unknown_key');
  });

  it('[CB-16] five minutes either way are accepted, a second more is not', async () => {
    for (const sign of [-1, 1]) {
      expect(await reasonOf({ atMs: nowMs + sign * 300_000 })).toBeUndefined();
      expect((await reasonOf({ atMs: nowMs + sign * 301_000 }))?.reason).toBe('time');
    }
    expect((await reasonOf({ atMs: nowMs - 301_000 }))?.body).toBe(
      '{"message":"Signature expired: 20260925T001728Z is now earlier than 20260925T001729Z (20260925T002229Z - 5 min.)"}',
    );
  });

  it('[CB-14] session token: unexpected, missing, wrong', async () => {
    const unexpected = { ...key, sessionToken: 'any' };
    expect((await reasonOf({ with: unexpected }))?.reason).toBe('token');
    const { sessionToken: _, ...withoutToken } = temporary;
    expect((await reasonOf({ with: withoutToken }))?.reason).toBe('token');
    expect((await reasonOf({ with: { ...temporary, sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLF==' } }))?.reason).toBe(
      'token',
    );
  });

  it('[CB-14] an x-amz- header that is not signed, a repeated one, a stated hash that is not the body’s', async () => {
    const request = await sign(post);
    const added: SignedRequest = { ...request, headers: [...request.headers, ['x-amz-target', 'else']] };
    expect(verifier.verify(added).refusal?.reason).toBe('mismatch');
    const twice: SignedRequest = { ...request, headers: [...request.headers, ['x-amz-date', '20260925T002229Z']] };
    expect(verifier.verify(twice).refusal?.reason).toBe('incomplete');
    const unsigned = await sign({ ...post, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } });
    expect(verifier.verify(unsigned).refusal?.reason).toBe('mismatch');
  });

  it.each([
    ['Bearer eyJhbGciOi.secret.part'],
    ['AWS4-HMAC-SHA256'],
    ['AWS4-HMAC-SHA256 '],
    ['AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE'],
    ['AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260925/us-east-1/execute-api, SignedHeaders=host, Signature=ab'],
    [`AWS4-HMAC-SHA256 Credential=A/20260925/r/s/aws4_request/x, SignedHeaders=host, Signature=${'a'.repeat(64)}`],
    [`AWS4-HMAC-SHA256 Credential=A/20260925/r/s/aws4_request, SignedHeaders=x;host, Signature=${'a'.repeat(64)}`],
    [`AWS4-HMAC-SHA256 Credential=A/20260925/r/s/aws4_request, SignedHeaders=Host, Signature=${'a'.repeat(64)}`],
    [`AWS4-HMAC-SHA256 Credential=A/20260925/r/s/aws4_request, SignedHeaders=host, Signature=${'A'.repeat(64)}`],
  ])('[CB-12] incomplete: %s', async (authorization) => {
    const refusal = verifier.verify(edit(await sign(post), 'authorization', authorization)).refusal;
    expect(refusal?.errorType).toBe('IncompleteSignatureException');
    expect(refusal?.body).not.toContain('secret');
  });

  it('[CB-14] a right signature that does not cover host, or whose stated body hash is false', () => {
    const host: [string, string] = ['host', 'chat.example.com'];
    const date: [string, string] = ['x-amz-date', '20260925T002229Z'];
    const hash = (text: string): [string, string] => ['x-amz-content-sha256', sha256(text)];
    expect(verifier.verify(signByHand([host, date])).key).toBe(key);
    expect(verifier.verify(signByHand([host, hash('hello'), date])).key).toBe(key);
    expect(verifier.verify(signByHand([date])).refusal?.reason).toBe('mismatch');
    expect(verifier.verify(signByHand([host, hash('other'), date])).refusal?.reason).toBe('mismatch');
  });

  it('[CB-14] the Date header will do where it is signed, and only there', () => {
    const host: [string, string] = ['host', 'chat.example.com'];
    const date: [string, string] = ['date', 'Fri, 25 Sep 2026 00:22:29 GMT'];
    expect(verifier.verify(signByHand([date, host])).key).toBe(key);
    expect(verifier.verify(signByHand([host], [date])).refusal?.reason).toBe('mismatch');
  });

  it('never throws, whatever the headers hold', () => {
    const header = fc.tuple(
      fc.constantFrom(
        'authorization',
        'x-amz-date',
        'date',
        'host',
        'x-amz-security-token',
        '__proto__',
        'constructor',
      ),
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc
          .string()
          .map(
            (text) =>
              `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260925/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=${'a'.repeat(64)}${text}`,
          ),
        fc.constant('20260925T002229Z'),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(header, { maxLength: 6 }),
        fc.string({ unit: 'binary' }),
        fc.string(),
        (headers, path, query) => {
          const body = new Uint8Array(0);
          expect(
            verifier.verify({ method: 'GET', rawPath: path, queryString: query, headers, body }).key,
          ).toBeUndefined();
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
