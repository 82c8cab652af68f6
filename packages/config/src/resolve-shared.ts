import { resolve } from 'node:path';
import type { ApiKeyDefinition, SharedDefinitions, UsagePlanDefinition } from '@sluice/contracts';
import type { z } from 'zod';
import type { FileInput } from './file-schema.js';
import { ConfigError, describeProblems, type Path } from './problems.js';
import { checkSchema } from './schema-issues.js';
import type { AwsSettings } from './settings.js';
import { apiKeyMapSchema, credentialsSchema } from './shared-schema.js';
import { didYouMean } from './suggest.js';
import { type OnFileRead, readYamlFile, type YamlFile } from './yaml-file.js';

export interface SharedParts {
  input: FileInput;
  /** Directory of the configuration file. */
  directory: string;
  onFileRead: OnFileRead | undefined;
  report(path: Path, message: string): void;
}

/** Custom domains, API keys (also those of a mounted file) and usage plans, with references resolved. */
export function resolveShared({ input, directory, onFileRead, report }: SharedParts): SharedDefinitions {
  const fromFile =
    input.apiKeysFile === undefined
      ? {}
      : readSecretFile(secretFile(directory, input.apiKeysFile, onFileRead), 'apiKeys', apiKeyMapSchema);
  const apiKeys = [...keysOf(input.apiKeys), ...keysOf(fromFile)];
  checkKeys(apiKeys, report);
  const names = apiKeys.map(({ apiKeyId }) => apiKeyId);
  return {
    domainNames: Object.entries(input.domainNames).map(([domainName, { apiMappings }]) => ({
      domainName: domainName.toLowerCase(),
      apiMappings: Object.fromEntries(
        Object.entries(apiMappings).map(([key, mapping]) => [key, stageOf(mapping)] as const),
      ),
    })),
    apiKeys,
    usagePlans: Object.entries(input.usagePlans).map(([name, plan]) => {
      checkPlanKeys(name, plan.apiKeys, names, report);
      return resolvePlan(name, plan);
    }),
  };
}

function keysOf(keys: FileInput['apiKeys']): ApiKeyDefinition[] {
  return Object.entries(keys).map(([apiKeyId, { name, value, enabled }]) => ({
    apiKeyId,
    name: name ?? apiKeyId,
    value,
    enabled,
  }));
}

// Values are never part of a message: whoever reads the log of a failed start should not be let in by it.
function checkKeys(keys: readonly ApiKeyDefinition[], report: SharedParts['report']): void {
  const byName = new Set<string>();
  const byValue = new Map<string, string>();
  for (const { apiKeyId, value } of keys) {
    if (byName.has(apiKeyId)) report(['apiKeys', apiKeyId], 'stands in apiKeysFile too; keep one');
    byName.add(apiKeyId);
    const other = byValue.get(value);
    if (other !== undefined && other !== apiKeyId) {
      report(['apiKeys', apiKeyId, 'value'], `is that of ${other} too; a key has to tell who it is`);
    }
    byValue.set(value, apiKeyId);
  }
}

function checkPlanKeys(plan: string, wanted: readonly string[], names: string[], report: SharedParts['report']): void {
  for (const [index, name] of wanted.entries()) {
    if (names.includes(name)) continue;
    const guess = didYouMean(name, names);
    report(['usagePlans', plan, 'apiKeys', index], `is ${JSON.stringify(name)}, which is no key in apiKeys${guess}`);
  }
}

function resolvePlan(usagePlanId: string, plan: FileInput['usagePlans'][string]): UsagePlanDefinition {
  return {
    usagePlanId,
    name: plan.name ?? usagePlanId,
    apiStages: plan.apiStages.map(stageOf),
    apiKeyIds: [...new Set(plan.apiKeys)],
    throttle: plan.throttle,
    quota: plan.quota,
  };
}

function stageOf({ api, apiId, stage }: { api?: string | undefined; apiId?: string | undefined; stage: string }) {
  return { apiId: api ?? apiId ?? '', stage };
}

export function resolveAws({ input, directory, onFileRead }: SharedParts): AwsSettings {
  const { region, accountId, credentials, credentialsFile, endpoints } = input.aws;
  const found =
    credentials ??
    (credentialsFile === undefined
      ? undefined
      : readSecretFile(secretFile(directory, credentialsFile, onFileRead), 'credentials', credentialsSchema));
  return {
    region,
    accountId,
    credentials: found === undefined ? undefined : { ...found, sessionToken: found.sessionToken },
    endpoints: { ...endpoints },
  };
}

function secretFile(directory: string, name: string, onFileRead: OnFileRead | undefined): YamlFile {
  return readYamlFile(resolve(directory, name), name, onFileRead);
}

/** A mounted file that holds what could stand under `key`. Its mistakes are named with that key, and without its secrets. */
function readSecretFile<T>(file: YamlFile, key: string, schema: z.ZodType<T>): T {
  const checked = checkSchema(schema, file.content, [key]);
  if ('value' in checked && file.duplicates.length === 0 && file.problems.length === 0) return checked.value;
  const problems = [...file.problems, ...('problems' in checked ? checked.problems : [])];
  throw new ConfigError([
    ...file.duplicates,
    ...describeProblems(problems, (at, atKey) => file.placeOf(at[0] === key ? at.slice(1) : at, atKey)),
  ]);
}
