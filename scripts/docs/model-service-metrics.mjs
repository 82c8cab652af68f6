// The metrics of the model service (spec 12 §12.5) as queries over ours: the table at the end of docs/metrics.md.

/** `metric`: their name; `query`: ours, in PromQL for one stage; `differs`: what is counted otherwise. Metric names are keys of ours. */
export function modelServiceMetrics({ errorKinds, metricName }) {
  const of = (key, labels, suffix = '') => `${metricName(key)}${suffix}{${labels}}`;
  const clientErrors = Object.entries(errorKinds)
    .filter(([, { source }]) => source === 'client')
    .map(([code]) => code)
    .join('|');
  return [
    {
      metric: 'ConnectCount',
      query: of('integrationSeconds', 'route="$connect"', '_count'),
      differs: `Connects that reached the integration of \`$connect\`. Where that route has none, nothing is reached: ${code(of('handshakesTotal', 'result="accepted"'))}.`,
    },
    {
      metric: 'MessageCount',
      query: `${of('framesTotal', 'kind=~"in|out"')}`,
      differs: `Both directions, callbacks and replies among them. The service counts each CONNECT and DISCONNECT as one more: ${code(of('handshakesTotal', 'result="accepted"'))} and ${code(of('closesTotal', ''))}. Error frames are counted here.`,
    },
    {
      metric: 'IntegrationError',
      query: of('integrationSeconds', 'code=~"4xx|5xx"', '_count'),
      differs: 'Answers of the back end with such a status.',
    },
    {
      metric: 'ClientError',
      query: of('messagesTotal', `result=~"${clientErrors}"`),
      differs: `Messages and handshakes that a router refused, each with its reason. A message of no route has \`route="unmatched"\`. Refused handshakes of every cause, those that no router sees among them, are ${code(of('handshakesTotal', 'result=~"refused|throttled|unknown"'))}.`,
    },
    {
      metric: 'ExecutionError',
      query: of('integrationErrorsTotal', 'code!="5xx"'),
      differs: `Calls that failed, each with its code. Authorizers that failed are ${code(of('authorizerSeconds', 'result=~"authorizer_.*"', '_count'))}.`,
    },
    {
      metric: 'IntegrationLatency',
      query: of('integrationSeconds', 'kind!="MOCK"'),
      differs: 'A histogram in seconds, instead of milliseconds.',
    },
  ];
}

function code(text) {
  return `\`${text}\``;
}
