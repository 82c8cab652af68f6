{{/* Numbers that follow from one another: seconds of the drain, memory and heap. */}}

{{/* Seconds of the preStop wait: that of `drain`, or of the user's own `lifecycle`, which stands instead. Another action than sleep counts 0; the guards ask for a grace period then. */}}
{{- define "sluice.preStopSeconds" -}}
{{- $values := index .root.Values .component -}}
{{- ternary (dig "preStop" "sleep" "seconds" 0 $values.lifecycle) $values.drain.preStopSeconds (not (empty $values.lifecycle)) | int64 -}}
{{- end -}}

{{/* Seconds from the deletion of a pod to the end of its drain. Edge: preStop, hold, window, settle; others: preStop, work. */}}
{{- define "sluice.drainSeconds" -}}
{{- $drain := (index .root.Values .component).drain -}}
{{- $preStopSeconds := include "sluice.preStopSeconds" . | int64 -}}
{{- if eq .component "edge" -}}
{{- add $preStopSeconds $drain.holdSeconds $drain.windowSeconds $drain.settleSeconds -}}
{{- else -}}
{{- add $preStopSeconds $drain.workSeconds -}}
{{- end -}}
{{- end -}}

{{/* The grace period: what is set, or the drain and 10 s in reserve, which is also the least the guards take. */}}
{{- define "sluice.graceSeconds" -}}
{{- $values := index .root.Values .component -}}
{{- default (add (include "sluice.drainSeconds" .) 10) $values.terminationGracePeriodSeconds | int64 -}}
{{- end -}}

{{/* A Kubernetes quantity of memory in MiB; empty where it is none that the chart can read. */}}
{{- define "sluice.mebibytes" -}}
{{- $text := ternary (toString .) (printf "%.0f" (ternary 0 . (kindIs "string" .) | float64)) (kindIs "string" .) -}}
{{- $bytes := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- if regexMatch "^[0-9]+(\\.[0-9]+)?(e[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$" $text -}}
{{- $unit := regexFind "(Ki|Mi|Gi|Ti|k|M|G|T)$" $text -}}
{{- floor (divf (mulf (float64 (trimSuffix $unit $text)) (get $bytes $unit)) 1048576) | int64 -}}
{{- end -}}
{{- end -}}

{{/* Node's heap in MiB, out of the memory limit: half of it for an edge, whose sockets and buffers live outside the heap. */}}
{{- define "sluice.heapMebibytes" -}}
{{- $limit := dig "limits" "memory" "" (index .root.Values .component).resources -}}
{{- $mebibytes := ternary "" (include "sluice.mebibytes" $limit) (eq (toString $limit) "") -}}
{{- if $mebibytes -}}
{{- div (mul (int64 $mebibytes) (ternary 50 75 (eq .component "edge"))) 100 -}}
{{- end -}}
{{- end -}}

{{/* Ports the processes listen on; `config` may move them. */}}
{{- define "sluice.port" -}}
{{- dig .component "port" (ternary 8080 8082 (eq .component "edge")) .root.Values.config | int64 -}}
{{- end -}}

{{/* The edge's further port for load balancers that speak the PROXY protocol; empty where `config` has none. */}}
{{- define "sluice.proxyPort" -}}
{{- with dig "edge" "proxyProtocol" "port" "" .Values.config }}{{ int64 . }}{{ end -}}
{{- end -}}

{{- define "sluice.adminPort" -}}
{{- dig "admin" "port" 8081 .Values.config | int64 -}}
{{- end -}}

{{- define "sluice.servicePort" -}}
{{- default (include "sluice.port" .) (index .root.Values .component).service.port | int64 -}}
{{- end -}}
