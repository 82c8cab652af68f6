{{/* What the *restricted* Pod Security Standard asks of every pod, tests and the bundled Redis included. */}}

{{/* `uid` is fixed: 10001 is the image's user. */}}
{{- define "sluice.podSecurityContext" -}}
{{- $base := dict "runAsNonRoot" true "runAsUser" 10001 "runAsGroup" 10001 "fsGroup" 10001 "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- with .sysctls }}{{ $_ := set $base "sysctls" . }}{{ end -}}
{{- toYaml (mergeOverwrite $base (deepCopy (default (dict) .podSecurityContext))) -}}
{{- end -}}

{{- define "sluice.securityContext" -}}
{{- $base := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "runAsNonRoot" true "capabilities" (dict "drop" (list "ALL")) "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- toYaml (mergeOverwrite $base (deepCopy (default (dict) .securityContext))) -}}
{{- end -}}
