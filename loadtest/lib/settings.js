import { variables } from './variables.js';

/** What is wrong with a variable: names it, says why, and what would be right. */
export class SettingsError extends Error {}

const durationUnitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const readers = {
  text: (text) => text,
  word: (text) => (/^[A-Za-z0-9_-]{1,64}$/.test(text) ? text : undefined),
  count: (text) => (/^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
  rate: (text) => (/^\d{1,9}(\.\d+)?$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
  duration: (text) => durationMs(text),
  address: (text) => (isAddress(text) ? text.replace(/\/+$/, '') : undefined),
  addresses: (text) => {
    const all = text.split(',').map((each) => each.trim());
    return all.every(isAddress) ? all.map((each) => each.replace(/\/+$/, '')) : undefined;
  },
};

const allowed = {
  word: '1 to 64 of A-Z, a-z, 0-9, - and _',
  count: 'a whole number from 1 on',
  rate: 'a number over 0',
  duration: 'a number with its unit: 500ms, 90s, 10m or 1h',
  address: 'an address such as http://127.0.0.1:9400',
  addresses: 'addresses such as ws://127.0.0.1:8080, several by comma',
};

function isAddress(text) {
  return /^(ws|wss|http|https):\/\/[^\s/]+/.test(text);
}

/** `90s` → 90000; undefined for what is no duration over 0. */
export function durationMs(text) {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * durationUnitMs[match[2]];
  return ms > 0 ? ms : undefined;
}

/** `CUT_WINDOW`, a duration → `cutWindowMs`. */
export function settingName({ name, kind }) {
  const camel = name.toLowerCase().replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return kind === 'duration' ? `${camel}Ms` : camel;
}

/** Reads every variable; throws a SettingsError that names the first bad one. */
export function readVariables(environment) {
  const settings = {};
  for (const variable of variables) {
    const text = environment[variable.name] ?? variable.default;
    // An empty variable is an unset one, as in a shell; only the key may be emptied, which means: unsigned.
    if (text === undefined || (text === '' && variable.name !== 'ACCESS_KEY_ID')) {
      if (text === '' && variable.default !== undefined)
        settings[settingName(variable)] = readers[variable.kind](variable.default);
      continue;
    }
    const value = readers[variable.kind](text);
    if (value === undefined) {
      throw new SettingsError(
        `${variable.name} is "${text}"; allowed: ${allowed[variable.kind]}. It is ${variable.meaning}.`,
      );
    }
    settings[settingName(variable)] = value;
  }
  return settings;
}

/**
 * The settings of a run: the variables, where they are unset the scenario's defaults scaled by the profile, and what follows from them.
 * @param catalogue `{ scenarios, profiles }`, each by name.
 */
export function readSettings(environment, catalogue) {
  const given = readVariables(environment);
  const scenario = pick('SCENARIO', given.scenario, catalogue.scenarios);
  const profile = pick('PROFILE', given.profile, catalogue.profiles);
  const settings = {
    ...given,
    callbackUrl: given.callbackUrl ?? given.edgeUrl.map((each) => each.replace(/^ws/, 'http')),
    runId: given.runId?.toLowerCase() ?? newRunId(),
    rate: given.rate ?? scenario.defaults.rate * profile.rateFactor,
    durationMs: given.durationMs ?? profile.durationMs,
    route: given.route ?? scenario.defaults.route,
  };
  settings.connections = connectionsOf(given, settings, scenario, profile);
  settings.rampMs = given.rampMs ?? scenario.defaults.rampMs?.(settings) ?? Math.max(1_000, settings.connections * 5);
  checkSettings(settings, scenario);
  return { settings, scenario, profile };
}

/** Runners of one distributed run start in the same moment and must not count each other's connections. */
function newRunId() {
  return `r${Date.now().toString(36)}-${Math.floor(Math.random() * 36 ** 4).toString(36)}`;
}

function connectionsOf(given, settings, scenario, profile) {
  if (given.connections !== undefined) return given.connections;
  if (scenario.defaults.connectionsOf) return scenario.defaults.connectionsOf(settings);
  return Math.max(1, Math.round(scenario.defaults.connections * profile.connectionsFactor));
}

function pick(name, wanted, from) {
  const found = from[wanted];
  if (found === undefined)
    throw new SettingsError(`${name} is "${wanted}"; there are ${Object.keys(from).join(', ')}.`);
  return found;
}

function checkSettings(settings, { name, needs = [] }) {
  for (const wanted of needs) {
    const variable = variables.find((each) => settingName(each) === wanted);
    if (settings[wanted] === undefined) {
      throw new SettingsError(`The scenario ${name} needs ${variable.name}: ${variable.meaning}.`);
    }
  }
  if (settings.accessKeyId !== '' && !settings.secretAccessKey) {
    throw new SettingsError(
      'ACCESS_KEY_ID is set and SECRET_ACCESS_KEY is not: give both, or an empty ACCESS_KEY_ID for unsigned calls.',
    );
  }
  if (settings.payloadBytes > 131_072) {
    throw new SettingsError(`PAYLOAD_BYTES is ${settings.payloadBytes}; a message has at most 131072 bytes.`);
  }
}
