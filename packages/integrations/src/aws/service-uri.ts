import { percentEncoded } from '../header-text.js';
import { MisconfiguredIntegrationError } from '../integration.js';
import { encodeComponent } from '../target-placeholders.js';

/** An AWS service and what is asked of it, as `integrationUri` names them (spec 04 §4.3). */
export interface ServiceUri {
  partition: string;
  region: string;
  subdomain: string | undefined;
  service: string;
  form: 'action' | 'path';
  /** Behind `action/` or `path/`; may hold `{name}`. */
  rest: string;
}

const serviceForm =
  /^arn:(aws[a-z-]*):apigateway:([a-z0-9-]{1,32}):(?:([a-z0-9]+(?:[.-][a-z0-9]+)*)\.)?([a-z0-9-]{1,64}):(action|path)\/(.*)$/s;

/** Stage variables already filled in. Throws `MisconfiguredIntegrationError`. */
export function readServiceUri(uri: string): ServiceUri {
  const match = serviceForm.exec(uri);
  if (match === null) {
    throw new MisconfiguredIntegrationError(
      `${uri} is not of the form arn:aws:apigateway:{region}:{service}:action/{Action} or …:path/{path}; is a stage variable missing?`,
    );
  }
  const [, partition = '', region = '', subdomain, service = '', form, rest = ''] = match;
  if (form === 'action' && !/^[A-Za-z{]/.test(rest)) {
    throw new MisconfiguredIntegrationError(`${uri} names no action`);
  }
  return { partition, region, subdomain, service, form: form === 'action' ? 'action' : 'path', rest };
}

export type Pairs = [name: string, value: string][];

/** A text with `{name}` in it, taken apart once. */
export interface FilledText {
  /** Undefined where a name has no value. `encode` makes a value what can stand in its place; of `{name+}` each part between slashes. */
  fill(values: Readonly<Record<string, string>>, encode: (value: string) => string): string | undefined;
}

export function compileFilledText(text: string): FilledText {
  const parts = text.split(/\{([^{}]+)\}/);
  return {
    fill(values, encode) {
      let filled = '';
      for (const [index, part] of parts.entries()) {
        if (index % 2 === 0) {
          filled += part;
          continue;
        }
        const isGreedy = part.endsWith('+');
        const name = isGreedy ? part.slice(0, -1) : part;
        const value = Object.hasOwn(values, name) ? values[name] : undefined;
        if (value === undefined || value === '') return undefined;
        filled += isGreedy ? value.split('/').map(encode).join('/') : encode(value);
      }
      return filled;
    },
  };
}

/** Percent-encoding of RFC 3986: what is signed and what is sent have to be the same bytes. */
export function encodeRfc3986(text: string): string {
  return encodeComponent(text).replace(/[!'()*]/g, (character) => percentEncoded(character));
}

/** A path as somebody wrote it, with what cannot stand in a request line percent-encoded. */
export function encodeWrittenPath(path: string): string {
  return path.replace(/[^\x21\x24-\x3b\x3d\x40-\x5a\x5f\x61-\x7a\x7e]+/g, (part) => percentEncoded(part));
}
