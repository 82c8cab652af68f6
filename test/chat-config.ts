/** The API that most whole-gateway tests use: every kind of route, with its back end at `backEndUrl`. */
export function chatConfig(backEndUrl: string, more: { api?: object; root?: object } = {}) {
  return {
    apis: {
      chat: {
        routeSelectionExpression: '$request.body.action',
        integrations: {
          backend: { integrationType: 'HTTP_PROXY', integrationUri: `${backEndUrl}/chat`, timeoutInMillis: 5000 },
          canned: {
            integrationType: 'MOCK',
            requestTemplates: { $default: '{"statusCode":200}' },
            integrationResponses: { $default: { responseTemplates: { $default: '{"canned":true}' } } },
          },
        },
        routes: {
          $connect: 'backend',
          $disconnect: 'backend',
          $default: { integration: 'backend', routeResponse: true },
          echo: { integration: 'backend', routeResponse: true },
          tell: 'backend',
          canned: { integration: 'canned', routeResponse: true },
        },
        stages: { dev: {}, prod: {} },
        ...more.api,
      },
    },
    ...more.root,
  };
}
