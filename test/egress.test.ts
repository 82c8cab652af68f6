import { type BackEnd, connectClient, type GatewayProcess, startBackEnd, startGatewayProcess } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('[IN-36] [X6] back ends on this machine', () => {
  let backEnd: BackEnd;
  const gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    backEnd = await startBackEnd();
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.kill();
    await backEnd?.stop();
  });

  async function ask(egress: object, actions: string[]): Promise<{ answers: string[]; gateway: GatewayProcess }> {
    const route = (integrationUri: string) => ({
      integration: { integrationType: 'HTTP_PROXY', integrationUri },
      routeResponse: true,
    });
    const routes = {
      written: route(`${backEnd.url}/written`),
      part: route(`http://local\${stageVariables.part}:${backEnd.port}/part`),
      name: route(`http://\${stageVariables.name}:${backEnd.port}/name`),
      secure: route(`https://\${stageVariables.name}:${backEnd.port}/`),
      path: route(`${backEnd.url}/\${stageVariables.name}`),
    };
    const stageVariables = { name: 'localhost', part: 'host' };
    const config = { apis: { chat: { routes, stages: { dev: { stageVariables } } } }, egress };
    const gateway = await startGatewayProcess({ role: 'start', config });
    gateways.push(gateway);
    const client = await connectClient(`ws://127.0.0.1:${gateway.port}/dev`);
    const answers: string[] = [];
    for (const action of actions) {
      client.send({ action });
      answers.push(await client.next());
    }
    await client.close();
    return { answers, gateway };
  }

  it('are reached where the file names them, refused where a stage variable does', async () => {
    const { answers, gateway } = await ask({}, ['written', 'path', 'part', 'name', 'secure']);
    expect(answers.slice(0, 2)).toEqual(['{"action":"written"}', '{"action":"path"}']);
    for (const answer of answers.slice(2)) expect(answer).toMatch(/^\{"message": "Internal server error", /);
    expect(backEnd.requests.map(({ url }) => url)).toEqual(['/written', '/localhost']);
    const errors = await gateway.metric('sluice_integration_errors_total', 'code="integration_egress_refused"');
    expect(errors).toBe(3);
    expect(gateway.output()).toMatch(/localhost is [^"]*127\.0\.0\.1[^"]*, which egress\.allow does not list/);
  });

  it('are reached by variables too where egress.allow lists them', async () => {
    const { answers } = await ask({ allow: ['127.0.0.0/8'] }, ['part', 'name']);
    expect(answers).toEqual(['{"action":"part"}', '{"action":"name"}']);
  });
});
