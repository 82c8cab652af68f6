{{/* Names and labels. Selectors are name, instance and component and never change: a Deployment's are immutable. */}}

{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* First part of every name; short enough for `-callback-admin`. */}}
{{- define "sluice.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.componentName" -}}
{{- printf "%s-%s" (include "sluice.fullname" .root) .component -}}
{{- end -}}

{{- define "sluice.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.create -}}
{{- default (include "sluice.componentName" .) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end -}}

{{- define "sluice.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* All labels of an object of a component, and `extra` ones; without a component those of the release. */}}
{{- define "sluice.labels" -}}
{{- $labels := dict "helm.sh/chart" (include "sluice.chart" .root) "app.kubernetes.io/managed-by" .root.Release.Service "app.kubernetes.io/part-of" "sluice" "app.kubernetes.io/version" (.root.Chart.AppVersion | replace "+" "_") -}}
{{- $fixed := dict "app.kubernetes.io/name" (include "sluice.name" .root) "app.kubernetes.io/instance" .root.Release.Name -}}
{{- with .component }}{{ $_ := set $fixed "app.kubernetes.io/component" . }}{{ end -}}
{{- toYaml (mergeOverwrite (deepCopy .root.Values.commonLabels) (default (dict) .extra | deepCopy) $labels $fixed) -}}
{{- end -}}

{{/* registry/repository:tag of an image map, filled up from `image`; the digest wins over the tag. */}}
{{- define "sluice.image" -}}
{{- $base := .root.Values.image -}}
{{- $own := default (dict) .image -}}
{{- $registry := coalesce .root.Values.global.imageRegistry $own.registry $base.registry -}}
{{- $repository := default $base.repository $own.repository -}}
{{- $digest := default (ternary "" $base.digest (not (empty $own.tag))) $own.digest -}}
{{- $reference := ternary (printf "@%s" $digest) (printf ":%s" (coalesce $own.tag $base.tag .root.Chart.AppVersion)) (not (empty $digest)) -}}
{{- printf "%s%s%s" (ternary (printf "%s/" $registry) "" (not (empty $registry))) $repository $reference -}}
{{- end -}}

{{- define "sluice.imagePullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - {{ ternary (dict "name" .) . (kindIs "string" .) | toJson }}
{{- end }}
{{- end }}
{{- end -}}
