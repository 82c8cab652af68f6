{{/* Rules from files/prometheus-rules.yaml; deploy/prometheus/render-rules.mjs does the same for those without the operator. */}}

{{/* `expr` with each %name% replaced by its value; an empty pair of braces, and the comma of an empty selector, are taken away. */}}
{{- define "sluice.fillRule" -}}
{{- $expr := .expr -}}
{{- range $name, $value := .values -}}
{{- $expr = replace (printf "%%%s%%" $name) (toString $value) $expr -}}
{{- end -}}
{{- $expr | replace ",}" "}" | replace "{}" "" -}}
{{- end -}}

{{- define "sluice.ruleSelector" -}}
{{- $own := .Values.metrics.prometheusRule.selector -}}
{{- if kindIs "invalid" $own -}}
{{- printf "namespace=%q,release=%q," .Release.Namespace .Release.Name -}}
{{- else if $own -}}
{{- printf "%s," $own -}}
{{- end -}}
{{- end -}}

{{- define "sluice.ruleGroups" -}}
{{- $source := .Files.Get "files/prometheus-rules.yaml" | fromYaml -}}
{{- $common := dict "selector" (include "sluice.ruleSelector" .) "by" $source.by "pod" $source.pod -}}
{{- range $source.recordings }}
- name: {{ .group }}
  interval: {{ .interval }}
  rules:
    {{- range $window := .windows }}
    {{- range $slo, $texts := $source.slos }}
    {{- include "sluice.recordings" (dict "root" $ "slo" $slo "texts" $texts "common" (merge (dict "window" $window) $common)) | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end }}
- name: sluice
  rules:
    {{- $own := .Values.metrics.prometheusRule.rules }}
    {{- $known := dict }}
    {{- range $source.alerts }}{{ $_ := set $known .alert .parameters }}{{ end }}
    {{- range $name, $changed := $own }}
    {{- if not (hasKey $known $name) }}
    {{- fail (printf "\n\nmetrics.prometheusRule.rules.%s: there is no such alert. There are %s." $name (keys $known | sortAlpha | join ", ")) }}
    {{- end }}
    {{- range $parameter, $_ := $changed }}
    {{- $allowed := concat (list "enabled" "for" "severity" "labels") (keys (get $known $name) | sortAlpha) }}
    {{- if not (has $parameter $allowed) }}
    {{- fail (printf "\n\nmetrics.prometheusRule.rules.%s.%s: this alert has no such parameter. It has %s." $name $parameter (join ", " $allowed)) }}
    {{- end }}
    {{- end }}
    {{- end }}
    {{- range $source.alerts }}
    {{- $changed := default (dict) (get $own .alert) }}
    {{- if ne (toString $changed.enabled) "false" }}
    {{- include "sluice.alert" (dict "root" $ "source" $source "rule" . "changed" $changed "common" $common) | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end -}}

{{- define "sluice.recordings" -}}
{{- $bad := include "sluice.fillRule" (dict "expr" .texts.bad "values" .common) -}}
{{- $all := include "sluice.fillRule" (dict "expr" .texts.all "values" .common) -}}
{{- $objective := default .texts.objective (get .root.Values.metrics.prometheusRule.objectives .slo) -}}
{{- $of := printf ":rate%s{%sslo=%q}" .common.window .common.selector .slo -}}
- record: sluice:slo_all:rate{{ .common.window }}
  expr: {{ $all | quote }}
  labels: {slo: {{ .slo }}}
- record: sluice:slo_bad:rate{{ .common.window }}
  expr: {{ printf "(%s) or 0 * (%s)" $bad $all | quote }}
  labels: {slo: {{ .slo }}}
- record: sluice:slo_burn:rate{{ .common.window }}
  expr: {{ printf "sluice:slo_bad%s / sluice:slo_all%s / (1 - %v)" $of $of $objective | quote }}
  labels: {slo: {{ .slo }}}
{{- end -}}

{{/* What a rule's parameters are without `metrics.prometheusRule.rules`; the drain's threshold follows from the edge's grace period. */}}
{{- define "sluice.alert" -}}
{{- $own := omit .changed "enabled" "for" "severity" "labels" -}}
{{- $parameters := deepCopy .rule.parameters -}}
{{- if eq .rule.alert "DrainStuck" -}}
{{- $edge := dict "root" .root "component" "edge" -}}
{{- $_ := set $parameters "threshold" (sub (include "sluice.graceSeconds" $edge) (include "sluice.preStopSeconds" $edge | add 10)) -}}
{{- end -}}
{{- $values := mergeOverwrite (deepCopy .common) $parameters $own -}}
{{- $exprs := list -}}
{{- if eq (default "" .rule.each) "plane" -}}
{{- range .source.planes -}}
{{- if (index $.root.Values .).enabled -}}
{{- $exprs = append $exprs (include "sluice.fillRule" (dict "expr" $.rule.expr "values" (mergeOverwrite (deepCopy $values) (dict "plane" .))) | trim) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- $exprs = list (include "sluice.fillRule" (dict "expr" .rule.expr "values" $values) | trim) -}}
{{- end -}}
- alert: {{ .rule.alert }}
  expr: {{ join "\nor " $exprs | toJson }}
  {{- with default .rule.for .changed.for }}
  for: {{ . }}
  {{- end }}
  {{- with .rule.keepFiringFor }}
  keep_firing_for: {{ . }}
  {{- end }}
  labels:
    {{- $labels := dict "severity" (default .rule.severity .changed.severity) "product" "sluice" }}
    {{- toYaml (mergeOverwrite $labels (deepCopy .root.Values.metrics.prometheusRule.ruleLabels) (default (dict) .changed.labels)) | nindent 4 }}
  annotations:
    summary: {{ .rule.summary | toJson }}
    description: {{ .rule.description | trim | toJson }}
    runbook_url: {{ printf "%s/%s.md" (default .source.runbooks .root.Values.metrics.prometheusRule.runbookUrl) .rule.alert | quote }}
{{- end -}}
