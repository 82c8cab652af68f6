import crypto from 'k6/crypto';

const service = 'execute-api';
const algorithm = 'AWS4-HMAC-SHA256';
const signedHeaders = 'host;x-amz-date';

/** The key of a day is made of four hashes: once a day and VU is enough. */
const keys = new Map();

/**
 * Headers that sign a call of `@connections` (SigV4). `path` is as it is sent, so already percent-encoded; the signature has it encoded once more, as
 * the AWS SDK does for every service but S3. No access key: no headers, and the call goes unsigned.
 */
export function signedHeadersOf(
  { accessKeyId, secretAccessKey, region },
  { method, host, path, body },
  now = new Date(),
) {
  if (accessKeyId === '') return {};
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const canonicalPath = path.split('/').map(encodeURIComponent).join('/');
  const canonicalRequest = [
    method,
    canonicalPath,
    '',
    `host:${host}`,
    `x-amz-date:${time}`,
    '',
    signedHeaders,
    crypto.sha256(body, 'hex'),
  ].join('\n');
  const toSign = [algorithm, time, scope, crypto.sha256(canonicalRequest, 'hex')].join('\n');
  const signature = crypto.hmac('sha256', keyOf(secretAccessKey, scope), toSign, 'hex');
  return {
    'x-amz-date': time,
    authorization: `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  };
}

function keyOf(secret, scope) {
  const name = `${secret} ${scope}`;
  let key = keys.get(name);
  if (key === undefined) {
    key = scope.split('/').reduce((last, part) => crypto.hmac('sha256', last, part, 'binary'), `AWS4${secret}`);
    keys.set(name, key);
  }
  return key;
}
