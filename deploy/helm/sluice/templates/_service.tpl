{{/* Services: a public one with what clients and back ends call, and a headless one for the port `admin`. No session affinity. */}}

{{- define "sluice.publicService" -}}
{{- $service := (index .root.Values .component).service -}}
{{- if (index .root.Values .component).enabled -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sluice.componentName" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" (merge (dict "extra" $service.labels) .) | nindent 4 }}
  {{- with $service.annotations }}
  annotations:
    {{- tpl (toYaml .) $.root | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  {{- with $service.ipFamilyPolicy }}
  ipFamilyPolicy: {{ . }}
  {{- end }}
  {{- with $service.loadBalancerClass }}
  loadBalancerClass: {{ . }}
  {{- end }}
  {{- with $service.loadBalancerSourceRanges }}
  loadBalancerSourceRanges:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.externalTrafficPolicy }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- with $service.trafficDistribution }}
  trafficDistribution: {{ . }}
  {{- end }}
  selector:
    {{- include "sluice.selectorLabels" . | nindent 4 }}
  ports:
    - name: http
      port: {{ include "sluice.servicePort" . }}
      targetPort: http
      protocol: TCP
      appProtocol: {{ default (include "sluice.appProtocol" .) $service.appProtocol }}
      {{- with $service.nodePort }}
      nodePort: {{ . }}
      {{- end }}
    {{- $proxyPort := include "sluice.proxyPort" .root }}
    {{- if and $proxyPort (eq .component "edge") }}
    - name: proxy
      port: {{ default $proxyPort $service.proxyPort }}
      targetPort: proxy
      protocol: TCP
    {{- end }}
{{- end -}}
{{- end -}}

{{- define "sluice.appProtocol" -}}
{{- ternary "kubernetes.io/ws" "http" (and (eq .component "edge") .root.Values.gatewayApi.enabled) -}}
{{- end -}}

{{/* `name` of the Service. Pods that drain are still scraped: their last minutes are what one wants to see. */}}
{{- define "sluice.adminService" -}}
{{- if (index .root.Values .component).enabled -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- tpl (toYaml .) $.root | nindent 4 }}
  {{- end }}
spec:
  type: ClusterIP
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "sluice.selectorLabels" . | nindent 4 }}
  ports:
    - name: admin
      port: {{ include "sluice.adminPort" .root }}
      targetPort: admin
      protocol: TCP
      appProtocol: http
{{- end -}}
{{- end -}}
