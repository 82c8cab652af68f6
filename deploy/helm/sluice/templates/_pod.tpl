{{/* The pod of a component, the same for all of them. */}}

{{- define "sluice.podTemplate" -}}
{{- $values := index .root.Values .component -}}
metadata:
  annotations:
    checksum/config: {{ include "sluice.restartConfig" .root | sha256sum }}
    {{- if .root.Values.redis.bundled.enabled }}
    checksum/redis: {{ include "sluice.bundledRedisPassword" .root | sha256sum }}
    {{- else if .root.Values.redis.url }}
    checksum/redis: {{ .root.Values.redis.url | sha256sum }}
    {{- end }}
    {{- with $values.podAnnotations }}
    {{- tpl (toYaml .) $.root | nindent 4 }}
    {{- end }}
  labels:
    {{- /* No version of chart or app here: a new chart alone must not roll the pods. */}}
    {{- toYaml (mergeOverwrite (deepCopy .root.Values.commonLabels) (deepCopy $values.podLabels) (dict "app.kubernetes.io/part-of" "sluice") (include "sluice.selectorLabels" . | fromYaml)) | nindent 4 }}
spec:
  serviceAccountName: {{ include "sluice.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with include "sluice.imagePullSecrets" .root }}
  {{- trim . | nindent 2 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "sluice.graceSeconds" . }}
  securityContext:
    {{- include "sluice.podSecurityContext" $values | nindent 4 }}
  {{- with $values.initContainers }}
  initContainers:
    {{- tpl (toYaml .) $.root | nindent 4 }}
  {{- end }}
  containers:
    - {{- include "sluice.container" . | nindent 6 }}
    {{- with $values.extraContainers }}
    {{- tpl (toYaml .) $.root | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "sluice.volumes" . | nindent 4 }}
  {{- include "sluice.scheduling" . | nindent 2 }}
{{- end -}}

{{- define "sluice.container" -}}
{{- $values := index .root.Values .component -}}
name: {{ .component }}
image: {{ include "sluice.image" (dict "root" .root "image" $values.image) }}
imagePullPolicy: {{ default .root.Values.image.pullPolicy $values.image.pullPolicy }}
args: [{{ .component }}]
ports:
  {{- if ne .component "router" }}
  - name: http
    containerPort: {{ include "sluice.port" . }}
    protocol: TCP
  {{- end }}
  {{- $proxyPort := include "sluice.proxyPort" .root }}
  {{- if and $proxyPort (eq .component "edge") }}
  - name: proxy
    containerPort: {{ $proxyPort }}
    protocol: TCP
  {{- end }}
  - name: admin
    containerPort: {{ include "sluice.adminPort" .root }}
    protocol: TCP
env:
  {{- include "sluice.env" . | nindent 2 }}
{{- with $values.extraEnvFrom }}
envFrom:
  {{- tpl (toYaml .) $.root | nindent 2 }}
{{- end }}
resources:
  {{- toYaml $values.resources | nindent 2 }}
securityContext:
  {{- include "sluice.securityContext" $values | nindent 2 }}
{{- include "sluice.lifecycle" . }}
startupProbe:
  {{- include "sluice.probe" (dict "path" "/startupz" "values" $values.probes.startup) | nindent 2 }}
livenessProbe:
  {{- include "sluice.probe" (dict "path" "/livez" "values" $values.probes.liveness) | nindent 2 }}
readinessProbe:
  {{- include "sluice.probe" (dict "path" "/readyz" "values" $values.probes.readiness) | nindent 2 }}
volumeMounts:
  {{- include "sluice.volumeMounts" . | nindent 2 }}
{{- end -}}

{{- define "sluice.probe" -}}
{{- toYaml (mergeOverwrite (dict "httpGet" (dict "path" .path "port" "admin")) (deepCopy .values)) -}}
{{- end -}}

{{/* The pod goes on serving while load balancers take it out; only then comes SIGTERM. */}}
{{- define "sluice.lifecycle" -}}
{{- $values := index .root.Values .component -}}
{{- $seconds := int64 $values.drain.preStopSeconds }}
{{- if $values.lifecycle }}
lifecycle:
  {{- tpl (toYaml $values.lifecycle) .root | nindent 2 }}
{{- else if gt $seconds 0 }}
lifecycle:
  preStop:
    {{- if eq $values.drain.preStopAction "exec" }}
    exec:
      command: [node, -e, "setTimeout(() => {}, {{ mul $seconds 1000 }})"]
    {{- else }}
    sleep:
      seconds: {{ $seconds }}
    {{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.scheduling" -}}
{{- $values := index .root.Values .component -}}
{{- $selector := dict "matchLabels" (include "sluice.selectorLabels" . | fromYaml) -}}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{- toYaml (merge (deepCopy .) (dict "labelSelector" $selector)) | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- tpl (toYaml .) $.root | nindent 2 }}
{{- end }}
{{- end -}}
