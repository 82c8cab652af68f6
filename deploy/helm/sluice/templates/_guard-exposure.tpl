{{- define "sluice.guardExposure" -}}
{{- with .Values.gatewayApi -}}
{{- if and .enabled (not .parentRefs) -}}
{{- fail "\n\ngatewayApi.parentRefs is empty, and gatewayApi.enabled makes an HTTPRoute, which serves nobody without a Gateway. Set gatewayApi.parentRefs to [{name: <gateway>, namespace: <its namespace>}]." -}}
{{- end -}}
{{- if and .callback.enabled (not .enabled) -}}
{{- fail "\n\ngatewayApi.callback.enabled is true, and gatewayApi.enabled is false. Set gatewayApi.enabled to true." -}}
{{- end -}}
{{- if and .enabled (not $.Values.edge.enabled) -}}
{{- fail "\n\ngatewayApi.enabled routes to the edge, and edge.enabled is false. Set one of the two differently." -}}
{{- end -}}
{{- if and .callback.enabled (not $.Values.callback.enabled) -}}
{{- fail "\n\ngatewayApi.callback.enabled routes to the callback service, and callback.enabled is false. Set one of the two differently." -}}
{{- end -}}
{{- if and .enabled .callback.enabled (include "sluice.sameRoutes" .) -}}
{{- fail "\n\ngatewayApi.callback: its HTTPRoute is for the Gateway, the host names and the paths of the edge's, so that one of the two would never be reached. Set gatewayApi.callback.hostnames to a host name of its own, gatewayApi.callback.matches to other paths, or gatewayApi.callback.parentRefs to another Gateway." -}}
{{- end -}}
{{- end -}}
{{- with .Values.ingress -}}
{{- if and .enabled (not .hosts) -}}
{{- fail "\n\ningress.hosts is empty, and ingress.enabled is true. Set ingress.hosts to [{host: ws.example.com}]." -}}
{{- end -}}
{{- if .enabled -}}
{{- range $host := .hosts -}}
{{- range default (list (dict "component" "edge")) $host.paths -}}
{{- $component := default "edge" .component -}}
{{- if not (index $.Values $component).enabled -}}
{{- fail (printf "\n\ningress.hosts: a path of %s leads to the %s, and %s.enabled is false. Set ingress.enabled to false, or %s.enabled to true." $host.host $component $component $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether a request could be meant for both routes: a Gateway and a host name that both have, and the same matches. */}}
{{- define "sluice.sameRoutes" -}}
{{- $gateways := default .parentRefs .callback.parentRefs -}}
{{- $sameGateway := false -}}
{{- range .parentRefs }}{{ if has . $gateways }}{{ $sameGateway = true }}{{ end }}{{ end -}}
{{- $sameHost := not (or .hostnames .callback.hostnames) -}}
{{- range .hostnames }}{{ if has . $.callback.hostnames }}{{ $sameHost = true }}{{ end }}{{ end -}}
{{- if and $sameGateway $sameHost (eq (toJson .matches) (toJson .callback.matches)) }}true{{ end -}}
{{- end -}}

{{- define "sluice.guardMonitoring" -}}
{{- if not .Values.metrics.disableApiCheck -}}
{{- range $value, $kind := dict "serviceMonitor" "ServiceMonitor" "podMonitor" "PodMonitor" "prometheusRule" "PrometheusRule" -}}
{{- if and (index $.Values.metrics $value).enabled (not ($.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" $kind))) -}}
{{- fail (printf "\n\nmetrics.%s.enabled: the cluster has no %s, a kind of the Prometheus operator. Install the operator first, set metrics.%s.enabled to false, or, where it is installed later or nobody can be asked (helm template), set metrics.disableApiCheck to true." $value $kind $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
{{- fail "\n\nmetrics.serviceMonitor.enabled and metrics.podMonitor.enabled are both true: every sample would count twice. Set one of them to false." -}}
{{- end -}}
{{- end -}}
