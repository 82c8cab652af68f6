{{- define "sluice.guardConfig" -}}
{{- $config := .Values.config -}}
{{- $auth := default (dict) $config.auth -}}
{{- $signed := ne (default "sigv4" $auth.callback) "none" -}}
{{- $served := or .Values.edge.enabled .Values.callback.enabled -}}
{{- if and $served $signed (not (or $auth.keys $auth.keysFile .Values.auth.existingSecret .Values.tests.enabled)) -}}
{{- fail "\n\nconfig.auth.keys is empty: @connections requests are signed, and without a key the processes do not start. Set auth.existingSecret to a Secret with keys, write config.auth.keys, or let everybody in with config.auth.callback: none." -}}
{{- end -}}
{{- if and $auth.keysFile .Values.auth.existingSecret -}}
{{- fail "\n\nconfig.auth.keysFile and auth.existingSecret both name a file with keys. Keep one of them." -}}
{{- end -}}
{{- if and $config.apiKeysFile .Values.apiKeys.existingSecret -}}
{{- fail "\n\nconfig.apiKeysFile and apiKeys.existingSecret both name a file with API keys. Keep one of them." -}}
{{- end -}}
{{- if and (dig "credentialsFile" "" (default (dict) $config.aws)) .Values.aws.existingSecret -}}
{{- fail "\n\nconfig.aws.credentialsFile and aws.existingSecret both name a file with credentials. Keep one of them." -}}
{{- end -}}
{{- with $config.drain -}}
{{- fail "\n\nconfig.drain: the grace periods of the pods follow from the drain, so it is set outside the file. Write edge.drain, router.drain and callback.drain, and leave config.drain out." -}}
{{- end -}}
{{- with $config.redis -}}
{{- fail "\n\nconfig.redis: where Redis is stands outside the file, since passwords come from Secrets. Write redis.url, redis.mode, redis.nodes, redis.keyPrefix or redis.shards, and leave config.redis out." -}}
{{- end -}}
{{- if hasKey (default (dict) $config.edge) "maxConnections" -}}
{{- fail "\n\nconfig.edge.maxConnections: the autoscaler needs it too, so it is set outside the file. Write edge.maxConnections." -}}
{{- end -}}
{{- range $path := list "edge" "callback" "admin" -}}
{{- $host := dig $path "host" "" $config -}}
{{- if or (hasPrefix "127." $host) (has $host (list "localhost" "::1")) -}}
{{- fail (printf "\n\nconfig.%s.host is %s, which neither probes nor Services reach. Leave config.%s.host unset." $path $host $path) -}}
{{- end -}}
{{- end -}}
{{- range $path, $port := dict "edge.port" (dig "edge" "port" 8080 $config) "callback.port" (dig "callback" "port" 8082 $config) "admin.port" (dig "admin" "port" 8081 $config) "edge.proxyProtocol.port" (dig "edge" "proxyProtocol" "port" 8083 $config) -}}
{{- if not (int64 $port) -}}
{{- fail (printf "\n\nconfig.%s is 0, which is any free port: no Service would find it. Set config.%s to a number above 1024, or leave it unset." $path $path) -}}
{{- end -}}
{{- end -}}
{{- range $component := list "edge" "callback" -}}
{{- if eq (include "sluice.port" (dict "root" $ "component" $component)) (include "sluice.adminPort" $) -}}
{{- fail (printf "\n\nconfig.%s.port and config.admin.port are the same: the admin port is not for the public. Choose another config.admin.port." $component) -}}
{{- end -}}
{{- end -}}
{{- $proxyPort := include "sluice.proxyPort" . -}}
{{- if and $proxyPort (has $proxyPort (list (include "sluice.adminPort" .) (include "sluice.port" (dict "root" . "component" "edge")))) -}}
{{- fail "\n\nconfig.edge.proxyProtocol.port is that of config.edge.port or config.admin.port. Choose another config.edge.proxyProtocol.port." -}}
{{- end -}}
{{- if and .Values.edge.service.proxyPort (not $proxyPort) -}}
{{- fail "\n\nedge.service.proxyPort is set, and the edge has no port for the PROXY protocol. Write config.edge.proxyProtocol, or leave edge.service.proxyPort unset." -}}
{{- end -}}
{{- if and .Values.tests.enabled (hasKey (default (dict) $config.apis) "sluice-self-test") -}}
{{- fail "\n\nconfig.apis.sluice-self-test is the name of the API that helm test uses. Choose another name, or set tests.enabled to false." -}}
{{- end -}}
{{- end -}}
