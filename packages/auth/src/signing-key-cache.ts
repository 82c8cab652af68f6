import { createHmac } from 'node:crypto';
import { limits } from '@sluice/contracts';

/**
 * Derived signing keys by access key, date, region and service: four HMACs that are the same all day. Ask only with a
 * date that has been checked against the clock, or any caller can fill it.
 */
export class SigningKeyCache {
  private readonly derived = new Map<string, Buffer>();

  get(accessKeyId: string, secretAccessKey: string, date: string, region: string, service: string): Buffer {
    const name = `${accessKeyId}/${date}/${region}/${service}`;
    let key = this.derived.get(name);
    if (key === undefined) {
      key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service), 'aws4_request');
      // Yesterday's keys go with the rest: rebuilding a few costs less than remembering which are old.
      if (this.derived.size >= limits.signingKeysMax) this.derived.clear();
      this.derived.set(name, key);
    }
    return key;
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
