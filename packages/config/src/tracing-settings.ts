import type { TracingSettings } from '@sluice/telemetry';
import type { Environment } from './environment.js';

const sampleRatioDefault = 0.01;

/**
 * The OTEL_* variables that count here, as the OpenTelemetry specification names them. Tracing is off unless an exporter or
 * an endpoint is asked for. `report` gets the variable and what is wrong with it.
 */
export function readTracing(env: Environment, report: (variable: string, message: string) => void): TracingSettings {
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const traces = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const wanted = env['OTEL_TRACES_EXPORTER'] || (base || traces ? 'otlp' : 'none');
  if (wanted !== 'otlp' && wanted !== 'none') {
    report('OTEL_TRACES_EXPORTER', `is ${JSON.stringify(wanted)}; allowed: otlp, none`);
  }
  const endpoint = traces || `${(base || 'http://127.0.0.1:4318').replace(/\/+$/, '')}/v1/traces`;
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
    report(
      traces ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT',
      'is no http:// or https:// URL',
    );
  }
  const off = env['OTEL_SDK_DISABLED'] === 'true' || wanted !== 'otlp';
  return {
    exporter: off ? 'none' : 'otlp',
    endpoint,
    headers: readHeaders(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] || env['OTEL_EXPORTER_OTLP_HEADERS'] || '', report),
    sampleRatio: readRatio(env, report),
    serviceName: env['OTEL_SERVICE_NAME'] || 'sluice',
  };
}

// Always with the parent's decision first: a gateway that decides anew in the middle of a trace leaves holes in it.
const samplers = ['parentbased_traceidratio', 'parentbased_always_on', 'parentbased_always_off'];

function readRatio(env: Environment, report: (variable: string, message: string) => void): number {
  const sampler = env['OTEL_TRACES_SAMPLER'] || 'parentbased_traceidratio';
  const text = env['OTEL_TRACES_SAMPLER_ARG'] || String(sampleRatioDefault);
  if (!samplers.includes(sampler)) {
    report('OTEL_TRACES_SAMPLER', `is ${JSON.stringify(sampler)}; allowed: ${samplers.join(', ')}`);
  }
  if (sampler === 'parentbased_always_on') return 1;
  if (sampler === 'parentbased_always_off') return 0;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  report('OTEL_TRACES_SAMPLER_ARG', `is ${JSON.stringify(text)}; allowed: a number from 0 to 1`);
  return sampleRatioDefault;
}

function readHeaders(text: string, report: (variable: string, message: string) => void): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    try {
      if (equals < 1 || !/^[\w.-]+$/.test(name)) throw new Error('no name');
      headers[name] = decodeURIComponent(pair.slice(equals + 1).trim());
    } catch {
      // Neither name nor value is shown: these headers hold credentials.
      report('OTEL_EXPORTER_OTLP_HEADERS', 'has a part that is not name=value with the value percent-encoded');
    }
  }
  return headers;
}
