import {
  type GatewayProcess,
  type GatewayProcessOptions,
  type GatewayRole,
  startGatewayProcess,
} from './gateway-process.js';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js';

/** Access that test clusters grant: signed `@connections` with everything allowed. Give the AWS SDK a copy: it writes into its credentials. */
export const testKey = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test-secret-access-key', allow: ['*'] };

export interface Cluster {
  readonly redis: RedisServer;
  readonly processes: GatewayProcess[];
  /** The first process of a role. */
  the(role: GatewayRole): GatewayProcess;
  /** Starts one more process with the same configuration. */
  add(role: GatewayRole, options?: Partial<GatewayProcessOptions>): Promise<GatewayProcess>;
  /** Ends every process and the Redis. */
  stop(): Promise<void>;
}

/** A cluster as an operator would start it: one Redis, and one process for each role named. */
export async function startCluster(options: {
  config: object;
  roles?: GatewayRole[];
  redis?: RedisServerOptions;
  env?: Record<string, string>;
}): Promise<Cluster> {
  const redis = await startRedis(options.redis);
  const config = { auth: { callback: 'sigv4', keys: [testKey] }, ...options.config };
  const processes: GatewayProcess[] = [];
  const add = async (role: GatewayRole, more: Partial<GatewayProcessOptions> = {}) => {
    const started = await startGatewayProcess({
      config,
      redisUrl: redis.url,
      ...more,
      env: { ...options.env, ...more.env },
      role,
    });
    processes.push(started);
    return started;
  };
  const stop = async () => {
    await Promise.all(processes.map((each) => each.kill()));
    await redis.stop();
  };
  try {
    await Promise.all((options.roles ?? ['edge', 'router', 'callback']).map((role) => add(role)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    redis,
    processes,
    the(role) {
      const found = processes.find((each) => each.role === role);
      if (found === undefined) throw new Error(`the cluster has no ${role}`);
      return found;
    },
    add,
    stop,
  };
}
