import { restrictedContainer, restrictedPod } from './restricted-pod.js';

/**
 * One Redis as a trial has it. Its append-only file is on an `emptyDir`: it outlives the container, as a volume would, but not
 * the pod; so both restarts can be tried, the one that keeps the data and the one that loses all.
 */
export function redisObjects(image: string): object[] {
  const labels = { app: 'redis' };
  const flags = '--protected-mode no --bind 0.0.0.0 --dir /data --appendonly yes --appendfsync everysec';
  const memory = '--maxmemory 128mb --maxmemory-policy noeviction';
  const container = {
    name: 'redis',
    image,
    command: ['redis-server', ...`${flags} ${memory}`.split(' '), '--save', ''],
    ports: [{ name: 'redis', containerPort: 6379 }],
    readinessProbe: { exec: { command: ['redis-cli', 'ping'] }, periodSeconds: 2 },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    ...restrictedContainer,
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'redis', labels },
      spec: {
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { ...restrictedPod, containers: [container], volumes: [{ name: 'data', emptyDir: {} }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'redis', labels },
      spec: { selector: labels, ports: [{ name: 'redis', port: 6379 }] },
    },
  ];
}
