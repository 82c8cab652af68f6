// What the tests read of rendered objects.

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: Record<string, unknown>;
  data?: Record<string, string>;
}

export interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}

export interface Container {
  name: string;
  image: string;
  args: string[];
  env: EnvironmentVariable[];
  ports: { name: string; containerPort: number }[];
  resources: { limits: Record<string, string>; requests: Record<string, string> };
  lifecycle?: { preStop: { sleep?: { seconds: number }; exec?: { command: string[] } } };
  securityContext: {
    allowPrivilegeEscalation: boolean;
    readOnlyRootFilesystem: boolean;
    privileged?: boolean;
    runAsUser?: number;
    capabilities: { drop: string[]; add?: string[] };
  };
  volumeMounts: { name: string; mountPath: string; subPath?: string }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
}

export interface Probe {
  httpGet: { path: string; port: string };
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes: { name: string; emptyDir?: object; secret?: object; hostPath?: object }[];
  terminationGracePeriodSeconds: number;
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext: {
    runAsNonRoot: boolean;
    runAsUser: number;
    seccompProfile: { type: string };
    sysctls?: { name: string; value: string }[];
  };
  topologySpreadConstraints?: { whenUnsatisfiable: string; topologyKey: string; labelSelector: object }[];
}

export interface ServiceSpec {
  type: string;
  clusterIP?: string;
  sessionAffinity?: string;
  selector: Record<string, string>;
  ports: { name: string; port: number; targetPort: string; appProtocol: string; nodePort?: number }[];
}

export interface DeploymentSpec {
  replicas?: number;
  minReadySeconds: number;
  strategy: { rollingUpdate: { maxSurge: number; maxUnavailable: number } };
  selector: { matchLabels: Record<string, string> };
  template: { metadata: { annotations: Record<string, string>; labels: Record<string, string> }; spec: PodSpec };
}

export const deploymentOf = (object: KubernetesObject) => object.spec as unknown as DeploymentSpec;
export const serviceOf = (object: KubernetesObject) => object.spec as unknown as ServiceSpec;

export function containerOf(object: KubernetesObject): Container {
  return deploymentOf(object).template.spec.containers[0] as Container;
}

/** Plain variables of the process. */
export function variablesOf(object: KubernetesObject): Record<string, string | undefined> {
  return Object.fromEntries(containerOf(object).env.map(({ name, value }) => [name, value]));
}

export function decoded(object: KubernetesObject, key: string): string {
  return Buffer.from(object.data?.[key] ?? '', 'base64').toString();
}
