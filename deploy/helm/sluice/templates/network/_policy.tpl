{{/* Parts of the NetworkPolicies. */}}

{{/* The admin port: pods of the release and the namespace that scrapes. Probes come from the node, which is always let in. */}}
{{- define "sluice.adminIngress" -}}
- from:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: {{ include "sluice.name" . }}
          app.kubernetes.io/instance: {{ .Release.Name }}
    - namespaceSelector: {{- toYaml .Values.networkPolicy.monitoringNamespaceSelector | nindent 8 }}
  ports:
    - port: admin
      protocol: TCP
{{- end -}}

{{/* `from` an empty list is everybody. Where it names some, the pod of helm test is let in besides. */}}
{{- define "sluice.publicIngress" -}}
- ports:
    - port: http
      protocol: TCP
    {{- if .proxy }}
    - port: proxy
      protocol: TCP
    {{- end }}
  {{- with .from }}
  from:
    {{- toYaml . | nindent 4 }}
    {{- if $.root.Values.tests.enabled }}
    - podSelector:
        matchLabels:
          {{- include "sluice.selectorLabels" (dict "root" $.root "component" "test") | nindent 10 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "sluice.dnsEgress" -}}
{{- with .Values.networkPolicy.dns -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- toYaml .ports | nindent 4 }}
{{- end -}}
{{- end -}}

{{/* The port that a URL names, empty where it names none: digits may also end a host. */}}
{{- define "sluice.urlPort" -}}
{{- regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" -}}
{{- end -}}

{{/* The collector's port: what is set, or that of the URL, or its scheme's own. */}}
{{- define "sluice.tracingPort" -}}
{{- $endpoint := .Values.tracing.endpoint -}}
{{- coalesce .Values.networkPolicy.tracing.port (include "sluice.urlPort" $endpoint) (ternary 443 80 (hasPrefix "https://" $endpoint)) | int64 -}}
{{- end -}}

{{/* Ports of Redis: those that are given, or what the other values say; nodes of a cluster announce the same port mostly. */}}
{{- define "sluice.redisPorts" -}}
{{- $ports := .Values.networkPolicy.redis.ports -}}
{{- if not $ports -}}
{{- if .Values.redis.nodes -}}
{{- range .Values.redis.nodes }}{{ $ports = append $ports (regexFind "[0-9]+$" . | int64) }}{{ end -}}
{{- if eq .Values.redis.mode "sentinel" }}{{ $ports = append $ports (int64 .Values.redis.port) }}{{ end -}}
{{- else if .Values.redis.url -}}
{{- $ports = list (include "sluice.urlPort" .Values.redis.url | default "6379" | int64) -}}
{{- else -}}
{{- $ports = list (int64 .Values.redis.port) -}}
{{- end -}}
{{- end -}}
{{- range uniq $ports }}
- port: {{ . }}
  protocol: TCP
{{- end -}}
{{- end -}}

{{- define "sluice.redisEgress" -}}
{{- if .Values.redis.bundled.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "sluice.selectorLabels" (dict "root" . "component" "redis") | nindent 10 }}
  ports:
    - port: redis
      protocol: TCP
{{- else -}}
- ports:
    {{- include "sluice.redisPorts" . | trim | nindent 4 }}
  {{- with .Values.networkPolicy.redis.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* What every process may reach; router and edge call integrations, functions, authorizers and token issuers besides. */}}
{{- define "sluice.processEgress" -}}
{{ include "sluice.dnsEgress" .root }}
{{ include "sluice.redisEgress" .root }}
{{- with .root.Values.networkPolicy }}
{{- if $.root.Values.tracing.endpoint }}
- ports:
    - port: {{ include "sluice.tracingPort" $.root }}
      protocol: TCP
  {{- with .tracing.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if ne $.component "callback" }}
{{- /* No ranges, no rule: one without any in `to` would let everything out. */}}
{{- with .integrations }}
- to:
    {{- range . }}
    - ipBlock:
        {{- toYaml . | nindent 8 }}
    {{- end }}
{{- end }}
{{- end }}
{{- with .extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.policyMetadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "sluice.labels" . | nindent 2 }}
{{- end -}}
