{{- define "sluice.guardRedis" -}}
{{- $redis := .Values.redis -}}
{{- $wanted := or .Values.edge.enabled .Values.router.enabled .Values.callback.enabled -}}
{{- if $redis.bundled.enabled -}}
{{- include "sluice.guardBundledRedis" . -}}
{{- else if eq $redis.mode "standalone" -}}
{{- if and $wanted (not (or $redis.url $redis.host $redis.existingSecret)) -}}
{{- fail "\n\nredis: nothing says where Redis is. Set redis.url (redis://host:6379), or redis.host and redis.port, or redis.existingSecret with the URL under the key redis-url. To try the gateway out without a Redis of your own, set redis.bundled.enabled." -}}
{{- end -}}
{{- if and $redis.url $redis.host -}}
{{- fail "\n\nredis.url and redis.host both say where Redis is. Keep one of them." -}}
{{- end -}}
{{- if $redis.nodes -}}
{{- fail "\n\nredis.nodes is for redis.mode sentinel and cluster, and redis.mode is standalone. Set redis.mode, or write redis.host instead." -}}
{{- end -}}
{{- else -}}
{{- if not $redis.nodes -}}
{{- fail (printf "\n\nredis.nodes is empty, and redis.mode is %s. Set redis.nodes to a list of host:port%s." $redis.mode (ternary " of the sentinels" " of some nodes of the cluster" (eq $redis.mode "sentinel"))) -}}
{{- end -}}
{{- if or $redis.url $redis.host -}}
{{- fail (printf "\n\nredis.url and redis.host are for redis.mode standalone, and redis.mode is %s. Say where it is with redis.nodes, who you are with redis.username and redis.existingSecret, and TLS with redis.tls." $redis.mode) -}}
{{- end -}}
{{- if and (eq $redis.mode "cluster") (int64 $redis.database) -}}
{{- fail "\n\nredis.database: a cluster has no databases. Set redis.database to 0." -}}
{{- end -}}
{{- end -}}
{{- if and $redis.existingSecretSentinelPasswordKey (not $redis.existingSecret) -}}
{{- fail "\n\nredis.existingSecretSentinelPasswordKey is a key of redis.existingSecret, which is unset. Set redis.existingSecret to the name of the Secret." -}}
{{- end -}}
{{- if and (ne $redis.mode "sentinel") (or $redis.sentinelUsername $redis.existingSecretSentinelPasswordKey) -}}
{{- fail (printf "\n\nredis.sentinelUsername and redis.existingSecretSentinelPasswordKey are for redis.mode sentinel, and redis.mode is %s. Leave them unset, or set redis.mode." $redis.mode) -}}
{{- end -}}
{{- with $redis.tls -}}
{{- if and .existingSecret (not .enabled) (not (hasPrefix "rediss://" $redis.url)) -}}
{{- fail "\n\nredis.tls.existingSecret has no effect while redis.tls.enabled is false. Set redis.tls.enabled to true, or leave redis.tls.existingSecret unset." -}}
{{- end -}}
{{- if and (or .certKey .keyKey) (not (and .certKey .keyKey .existingSecret)) -}}
{{- fail "\n\nredis.tls.certKey and redis.tls.keyKey belong together and are keys of redis.tls.existingSecret. Set all three." -}}
{{- end -}}
{{- if and .enabled (hasPrefix "redis://" $redis.url) -}}
{{- fail "\n\nredis.tls.enabled is true, and redis.url begins with redis://, which is without TLS. Write rediss://." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.guardBundledRedis" -}}
{{- $redis := .Values.redis -}}
{{- if or $redis.url $redis.host $redis.nodes $redis.existingSecret -}}
{{- fail "\n\nredis.bundled.enabled is true, and redis.url, redis.host, redis.nodes or redis.existingSecret name another Redis. Set redis.bundled.enabled to false, or leave those unset." -}}
{{- end -}}
{{- if ne $redis.mode "standalone" -}}
{{- fail (printf "\n\nredis.mode is %s, and the Redis of redis.bundled is a single pod. Set redis.mode to standalone, or redis.bundled.enabled to false." $redis.mode) -}}
{{- end -}}
{{- if $redis.tls.enabled -}}
{{- fail "\n\nredis.tls.enabled is true, and the Redis of redis.bundled speaks no TLS. Set one of the two to false." -}}
{{- end -}}
{{- if not $redis.bundled.acknowledgeTrial -}}
{{- range $component := list "edge" "router" "callback" -}}
{{- $values := index $.Values $component -}}
{{- if and $values.enabled (or (gt (int64 $values.replicaCount) 1) $values.autoscaling.enabled (dig "keda" "enabled" false $values)) -}}
{{- fail (printf "\n\nredis.bundled.enabled: the bundled Redis is one pod without a disk, for trials; %s.replicaCount above 1, or an autoscaler, looks like production. Name a Redis of your own with redis.url or redis.existingSecret, or set redis.bundled.acknowledgeTrial to true, or %s.replicaCount to 1." $component $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
