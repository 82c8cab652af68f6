{{/* What ServiceMonitor and PodMonitor have in common. */}}

{{- define "sluice.monitorMetadata" -}}
name: {{ include "sluice.fullname" .root }}
namespace: {{ default .root.Release.Namespace .values.namespace }}
labels:
  {{- include "sluice.labels" (dict "root" .root "extra" .values.labels) | nindent 2 }}
{{- end -}}

{{- define "sluice.monitorEndpoint" -}}
- port: admin
  path: /metrics
  interval: {{ .values.interval }}
  {{- with .values.scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  relabelings:
    {{- /* Rules and dashboards tell releases apart by it. */}}
    - { action: replace, replacement: {{ .root.Release.Name }}, targetLabel: release }
    {{- with .values.relabelings }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .values.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "sluice.monitorSelector" -}}
namespaceSelector:
  matchNames: [{{ .Release.Namespace }}]
selector:
  matchLabels:
    app.kubernetes.io/name: {{ include "sluice.name" . }}
    app.kubernetes.io/instance: {{ .Release.Name }}
  matchExpressions:
    - key: app.kubernetes.io/component
      operator: In
      values: [edge, router, callback]
{{- end -}}
