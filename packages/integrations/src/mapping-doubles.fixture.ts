import {
  type CompiledParameters,
  type CompiledResponseParameters,
  type CompiledTemplate,
  contextVariable,
  GatewayError,
  type MappingSources,
  type TemplateOverrides,
} from '@sluice/contracts';
import type { Selectors, TemplateKind } from './index.js';

/**
 * Small stand-ins for the template engine and the parameter mapping. A template replaces `$input.body`, `$context.x` and
 * `$stageVariables.x`; lines `#override header X = v` (or querystring, path, status) set overrides, `#fail` fails, `#invalid` does
 * not compile. An override of the other kind of template does not count: `status` of a request, `querystring` and `path` of a
 * response.
 */
export const mappingDoubles: Required<
  Pick<Selectors, 'compileTemplate' | 'compileParameters' | 'compileResponseParameters'>
> = {
  compileTemplate: (text, place, kind) => compileTemplate(text, place, kind),
  compileParameters: (requestParameters) => compileParameters(requestParameters),
  compileResponseParameters: (responseParameters) => compileResponseParameters(responseParameters),
};

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

function compileTemplate(template: string, place: string, kind: TemplateKind): CompiledTemplate {
  if (template.includes('#invalid')) throw new Error(`${place}: line 1: not a directive`);
  return (sources) => {
    const overrides: TemplateOverrides = { header: [], querystring: [], path: [], status: undefined };
    const lines = template.split('\n').filter((line) => !isDirective(line, place, overrides, sources));
    const isOverridden =
      overrides.status !== undefined ||
      overrides.header.length + overrides.querystring.length + overrides.path.length > 0;
    const counting: TemplateOverrides =
      kind === 'request' ? { ...overrides, status: undefined } : { ...overrides, querystring: [], path: [] };
    return { text: fill(lines.join('\n'), sources), overrides: isOverridden ? counting : undefined };
  };
}

function isDirective(line: string, place: string, overrides: TemplateOverrides, sources: MappingSources): boolean {
  if (line === '#fail') throw new GatewayError('template_failed', `${place}: line 1: it fails`);
  const status = /^#override status = (\d+)$/.exec(line);
  if (status !== null) overrides.status = Number(status[1]);
  const [, kind, name, value] = /^#override (header|querystring|path) (\S+) = (.*)$/.exec(line) ?? [];
  if (kind === 'header' || kind === 'querystring' || kind === 'path') {
    overrides[kind].push([name ?? '', fill(value ?? '', sources)]);
  }
  return line.startsWith('#override');
}

function fill(template: string, sources: MappingSources): string {
  return template
    .replaceAll('$input.body', () => text(sources.body))
    .replace(/\$(context|stageVariables)\.([\w.]*\w)/g, (_, kind: string, name: string) =>
      String((kind === 'context' ? contextVariable(sources.context(), name) : sources.stageVariables[name]) ?? ''),
    );
}

function compileParameters(requestParameters: Readonly<Record<string, string>>): CompiledParameters {
  const entries = Object.entries(requestParameters).map(([key, source]) => {
    const [, kind, name] = /^integration\.request\.(header|querystring|path|multivalueheader)\.(.+)$/.exec(key) ?? [];
    if (kind === undefined || name === undefined) throw new Error(`${key} is no target`);
    return { kind, name, source };
  });
  return (sources) => {
    const mapped: ReturnType<CompiledParameters> = { headers: [], querystring: [], path: {} };
    for (const { kind, name, source } of entries) {
      for (const value of valuesOf(source, sources)) {
        if (kind === 'path') mapped.path[name] = value;
        else mapped[kind === 'querystring' ? 'querystring' : 'headers'].push([name, value]);
      }
    }
    return mapped;
  };
}

function valuesOf(source: string, sources: MappingSources): string[] {
  const [, kind = '', name = ''] = /^(.*?)(?:\.([^.]+))?$/.exec(source) ?? [];
  if (source.startsWith("'")) return [source.slice(1, -1)];
  if (source === 'route.request.body') return [text(sources.requestBody)];
  if (kind === 'route.request.body') return present(JSON.parse(text(sources.requestBody))[name]);
  if (kind === 'context') return present(contextVariable(sources.context(), name));
  if (kind === 'stageVariables') return present(sources.stageVariables[name]);
  const headers = sources.handshake?.headers.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value);
  if (kind === 'route.request.multivalueheader') return headers ?? [];
  if (kind === 'route.request.header') return headers?.slice(-1) ?? [];
  if (kind === 'route.request.querystring') {
    return present(new URLSearchParams(sources.handshake?.queryString).get(name) ?? undefined);
  }
  throw new Error(`${source} is no source`);
}

function present(value: unknown): string[] {
  return value === undefined ? [] : [typeof value === 'string' ? value : JSON.stringify(value)];
}

function compileResponseParameters(responseParameters: Readonly<Record<string, string>>): CompiledResponseParameters {
  return (sources) =>
    Object.entries(responseParameters).flatMap(([key, source]) => {
      const name = key.slice('method.response.header.'.length);
      const from = /^integration\.response\.header\.(.+)$/.exec(source)?.[1]?.toLowerCase();
      const values =
        from === undefined
          ? valuesOf(source, sources)
          : sources.headers.filter(([each]) => each.toLowerCase() === from).map(([, value]) => value);
      return values.map((value): [string, string] => [name, value]);
    });
}
