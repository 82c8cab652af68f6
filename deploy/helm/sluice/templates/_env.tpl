{{/* Variables, volumes and mounts of the processes. What is secret comes by reference, never as a plain value. */}}

{{/* Name of the Secret that the chart renders for Redis: the URL, or what the bundled one is reached with. */}}
{{- define "sluice.redisSecretName" -}}
{{- printf "%s-redis" (include "sluice.fullname" .) -}}
{{- end -}}

{{- define "sluice.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{- define "sluice.redisEnv" -}}
{{- $redis := .Values.redis -}}
{{- if or $redis.url $redis.bundled.enabled }}
{{ include "sluice.secretEnv" (dict "name" "SLUICE_REDIS_URL" "secret" (include "sluice.redisSecretName" .) "key" "redis-url") }}
{{- end }}
{{- if $redis.existingSecret }}
{{- if or $redis.url $redis.host $redis.nodes }}
{{ include "sluice.secretEnv" (dict "name" "SLUICE_REDIS_PASSWORD" "secret" $redis.existingSecret "key" $redis.existingSecretPasswordKey) }}
{{- else }}
{{ include "sluice.secretEnv" (dict "name" "SLUICE_REDIS_URL" "secret" $redis.existingSecret "key" $redis.existingSecretUrlKey) }}
{{- end }}
{{- with $redis.existingSecretSentinelPasswordKey }}
{{ include "sluice.secretEnv" (dict "name" "SLUICE_REDIS_SENTINEL_PASSWORD" "secret" $redis.existingSecret "key" .) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.tracingEnv" -}}
{{- with .Values.tracing }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .sampleRatio | quote }}
{{- if .existingSecret }}
{{ include "sluice.secretEnv" (dict "name" "OTEL_EXPORTER_OTLP_HEADERS" "secret" .existingSecret "key" .existingSecretHeadersKey) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.drainEnv" -}}
{{- $values := index .root.Values .component -}}
{{- if eq .component "edge" }}
- name: SLUICE_MAX_CONNECTIONS
  value: {{ $values.maxConnections | int64 | quote }}
- name: SLUICE_DRAIN_HOLD_MS
  value: {{ mul $values.drain.holdSeconds 1000 | quote }}
- name: SLUICE_DRAIN_WINDOW_MS
  value: {{ mul $values.drain.windowSeconds 1000 | quote }}
- name: SLUICE_DRAIN_SETTLE_MS
  value: {{ mul $values.drain.settleSeconds 1000 | quote }}
{{- else }}
- name: SLUICE_DRAIN_WORK_MS
  value: {{ mul $values.drain.workSeconds 1000 | quote }}
{{- end }}
{{- end -}}

{{/* Files with secrets: `name` of the volume and folder, `env` that names the file, `secret` and `key`. */}}
{{- define "sluice.secretFiles" -}}
{{- $files := list -}}
{{- if .Values.auth.existingSecret }}{{ $files = append $files (dict "name" "auth-keys" "env" "SLUICE_AUTH_KEYS_FILE" "secret" .Values.auth.existingSecret "key" .Values.auth.existingSecretKey) }}{{ end -}}
{{- if .Values.apiKeys.existingSecret }}{{ $files = append $files (dict "name" "api-keys" "env" "SLUICE_API_KEYS_FILE" "secret" .Values.apiKeys.existingSecret "key" .Values.apiKeys.existingSecretKey) }}{{ end -}}
{{- if .Values.aws.existingSecret }}{{ $files = append $files (dict "name" "aws-credentials" "env" "SLUICE_AWS_CREDENTIALS_FILE" "secret" .Values.aws.existingSecret "key" .Values.aws.existingSecretKey) }}{{ end -}}
{{- toYaml $files -}}
{{- end -}}

{{- define "sluice.env" -}}
- name: SLUICE_CONFIG
  value: /etc/sluice/sluice.yaml
{{- if not (dig "admin" "host" "" .root.Values.config) }}
- name: SLUICE_ADMIN_HOST
  value: 0.0.0.0
{{- end }}
{{- with include "sluice.heapMebibytes" . }}
- name: NODE_OPTIONS
  value: --max-old-space-size={{ . }}
{{- end }}
{{- include "sluice.drainEnv" . }}
{{- include "sluice.redisEnv" .root }}
{{- range include "sluice.secretFiles" .root | fromYamlArray }}
- name: {{ .env }}
  value: /etc/sluice-secrets/{{ .name }}/{{ .key }}
{{- end }}
{{- include "sluice.tracingEnv" .root }}
{{- with (index .root.Values .component).extraEnv }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end -}}

{{/* Mounted as folders, without subPath: the kubelet then puts new content there, and the processes watch the file. */}}
{{- define "sluice.volumeMounts" -}}
- name: config
  mountPath: /etc/sluice
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- range include "sluice.secretFiles" .root | fromYamlArray }}
- name: {{ .name }}
  mountPath: /etc/sluice-secrets/{{ .name }}
  readOnly: true
{{- end }}
{{- if .root.Values.redis.tls.existingSecret }}
- name: redis-tls
  mountPath: /etc/sluice-secrets/redis-tls
  readOnly: true
{{- end }}
{{- with (index .root.Values .component).extraVolumeMounts }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end -}}

{{- define "sluice.volumes" -}}
- name: config
  secret:
    secretName: {{ include "sluice.fullname" .root }}-config
    defaultMode: 0440
    items:
      - key: sluice.yaml
        path: sluice.yaml
- name: tmp
  emptyDir: {}
{{- range include "sluice.secretFiles" .root | fromYamlArray }}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      - key: {{ .key }}
        path: {{ .key }}
{{- end }}
{{- with .root.Values.redis.tls }}
{{- if .existingSecret }}
- name: redis-tls
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      {{- range compact (list .caKey .certKey .keyKey) }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
{{- end }}
{{- end }}
{{- with (index .root.Values .component).extraVolumes }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end -}}
