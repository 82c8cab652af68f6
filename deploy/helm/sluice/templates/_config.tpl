{{/* The file that the processes read, out of `config` and of what other values say. */}}

{{/* Where Redis is, as keys of the file. What is secret comes as a variable (`sluice.redisEnv`). */}}
{{- define "sluice.redisConfig" -}}
{{- $redis := .Values.redis -}}
{{- $config := dict "mode" $redis.mode "keyPrefix" $redis.keyPrefix -}}
{{- $scheme := ternary "rediss" "redis" $redis.tls.enabled -}}
{{- if eq $redis.mode "standalone" -}}
{{- if $redis.host }}{{ $_ := set $config "url" (printf "%s://%s:%d/%d" $scheme $redis.host (int64 $redis.port) (int64 $redis.database)) }}{{ end -}}
{{- else -}}
{{- $_ := set $config "nodes" $redis.nodes -}}
{{- if eq $redis.mode "sentinel" }}{{ $_ := set $config "sentinelName" $redis.sentinelName }}{{ end -}}
{{- /* Of this URL only the scheme and the database count here. */ -}}
{{- $database := ternary (printf "/%d" (int64 $redis.database)) "" (eq $redis.mode "sentinel") -}}
{{- $_ := set $config "url" (printf "%s://%s%s" $scheme (default "redis:6379" (first $redis.nodes)) $database) -}}
{{- end -}}
{{- with $redis.username }}{{ $_ := set $config "username" . }}{{ end -}}
{{- with $redis.sentinelUsername }}{{ $_ := set $config "sentinelUsername" . }}{{ end -}}
{{- with $redis.shards }}{{ $_ := set $config "shards" (int64 .) }}{{ end -}}
{{- with include "sluice.redisTlsConfig" . | fromYaml }}{{ $_ := set $config "tls" . }}{{ end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "sluice.redisTlsConfig" -}}
{{- $tls := .Values.redis.tls -}}
{{- if or $tls.enabled (hasPrefix "rediss://" .Values.redis.url) -}}
{{- $config := dict "enabled" true "rejectUnauthorized" $tls.rejectUnauthorized -}}
{{- if $tls.existingSecret -}}
{{- with $tls.caKey }}{{ $_ := set $config "caFile" (printf "/etc/sluice-secrets/redis-tls/%s" .) }}{{ end -}}
{{- with $tls.certKey }}{{ $_ := set $config "certFile" (printf "/etc/sluice-secrets/redis-tls/%s" .) }}{{ end -}}
{{- with $tls.keyKey }}{{ $_ := set $config "keyFile" (printf "/etc/sluice-secrets/redis-tls/%s" .) }}{{ end -}}
{{- end -}}
{{- with $tls.serverName }}{{ $_ := set $config "serverName" . }}{{ end -}}
{{- if eq .Values.redis.mode "sentinel" }}{{ $_ := set $config "sentinels" $tls.sentinels }}{{ end -}}
{{- toYaml $config -}}
{{- end -}}
{{- end -}}

{{/*
What running processes do not take over: everything but definitions and keys, or all of it where they are told not to watch
the file (`reload.watch`). Its checksum rolls the pods.
*/}}
{{- define "sluice.restartConfig" -}}
{{- $config := deepCopy .Values.config -}}
{{- if dig "reload" "watch" true $config -}}
{{- $config = omit $config "apis" "domainNames" "apiKeys" "usagePlans" -}}
{{- with omit (default (dict) $config.auth) "keys" }}{{ $_ := set $config "auth" . }}{{ else }}{{ $config = omit $config "auth" }}{{ end -}}
{{- end -}}
{{- $_ := set $config "redis" (mergeOverwrite (deepCopy (default (dict) $config.redis)) (include "sluice.redisConfig" . | fromYaml)) -}}
{{- toYaml $config -}}
{{- end -}}

{{/*
A secret that the chart makes: `key` of the Secret `name`. It stays what it is in the cluster; a new one is random, or where
no cluster is asked (`helm template`) made out of the release and `settings`, so that two renders are equal. Made once a render:
what the Secret holds and what pods have the checksum of is the same.
*/}}
{{- define "sluice.madeSecret" -}}
{{- $known := printf "%s/%s" .name .key -}}
{{- $made := default (dict) (get .root.Values "madeSecrets") -}}
{{- if not (hasKey $made $known) -}}
{{- $_ := set .root.Values "madeSecrets" (set $made $known (include "sluice.makeSecret" .)) -}}
{{- end -}}
{{- get $made $known -}}
{{- end -}}

{{- define "sluice.makeSecret" -}}
{{- $kept := dig "data" .key "" (lookup "v1" "Secret" .root.Release.Namespace .name) -}}
{{- if $kept -}}
{{- b64dec $kept -}}
{{- else if lookup "v1" "Secret" .root.Release.Namespace "" -}}
{{- randAlphaNum 40 -}}
{{- else -}}
{{- list .root.Release.Namespace .root.Release.Name .key .settings | join "/" | sha256sum | trunc 40 -}}
{{- end -}}
{{- end -}}

{{/* The password of the bundled Redis. No setting is in it: its pod and the processes would have to roll with each change. */}}
{{- define "sluice.bundledRedisPassword" -}}
{{- include "sluice.madeSecret" (dict "root" . "name" (include "sluice.redisSecretName" .) "key" "redis-password" "settings" "") -}}
{{- end -}}

{{/* The key of helm test, in the form of `auth.keys`: it may use the API of the self-test and nothing else. */}}
{{- define "sluice.selfTestKeys" -}}
- accessKeyId: sluiceSelfTest
  secretAccessKey: {{ . }}
  allow: ["arn:aws:execute-api:*:*:sluice-self-test/*"]
{{- end -}}

{{/* sluice.yaml. `secret` is that of the self-test's key. */}}
{{- define "sluice.config" -}}
{{- $config := mergeOverwrite (deepCopy .root.Values.config) (dict "redis" (include "sluice.redisConfig" .root | fromYaml)) -}}
{{- $apis := default (dict) $config.apis -}}
{{- if .root.Values.tests.enabled -}}
{{- $apis = merge $apis (.root.Files.Get "files/self-test-api.yaml" | fromYaml).apis -}}
{{- $auth := default (dict) $config.auth -}}
{{- $keys := concat (default (list) $auth.keys) (include "sluice.selfTestKeys" .secret | fromYamlArray) -}}
{{- $_ := set $config "auth" (merge (dict "keys" $keys) $auth) -}}
{{- end -}}
{{- $_ := set $config "apis" $apis -}}
{{- toYaml $config -}}
{{- end -}}
