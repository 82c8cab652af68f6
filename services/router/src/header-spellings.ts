import type { ApiDefinition } from '@sluice/contracts';

const headerSource = /(?:route\.|\$)request\.(?:multivalue)?header\.([!#$%&'*+.^_`|~0-9A-Za-z-]+)/gi;

/**
 * How the definitions of an API spell header names, by lower case: in identity sources, required parameters and mappings. The
 * WebSocket library hands names over in lower case, and a back end looks for what its definition says.
 */
export function headerSpellings(api: ApiDefinition): ReadonlyMap<string, string> {
  const spellings = new Map<string, string>();
  for (const text of namingTexts(api)) {
    for (const [, name = ''] of text.matchAll(headerSource)) {
      if (!spellings.has(name.toLowerCase())) spellings.set(name.toLowerCase(), name);
    }
  }
  return spellings;
}

/** In this order: whoever reads the handshake first has the first word on its spelling. */
function namingTexts(api: ApiDefinition): string[] {
  return [
    ...Object.values(api.authorizers ?? {}).flatMap(({ identitySource }) => identitySource),
    ...Object.values(api.routes).flatMap(({ requestParameters }) => Object.keys(requestParameters ?? {})),
    ...Object.values(api.integrations).flatMap(({ requestParameters }) => Object.values(requestParameters ?? {})),
  ];
}
