{{- define "penstock.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "penstock.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- $name := include "penstock.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "penstock.selectorLabels" -}}
app.kubernetes.io/name: {{ include "penstock.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end }}

{{- define "penstock.simulatorLabels" -}}
app.kubernetes.io/name: {{ include "penstock.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: simulator
{{- end }}

{{- define "penstock.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "penstock.labels" -}}
{{ include "penstock.selectorLabels" . }}
{{ include "penstock.commonLabels" . }}
{{- end }}

{{- define "penstock.image" -}}
{{- $repository := .Values.image.repository }}
{{- if .Values.image.registry }}{{ $repository = printf "%s/%s" .Values.image.registry $repository }}{{ end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "penstock.secret" -}}
{{- .Values.existingSecret | default (include "penstock.fullname" .) }}
{{- end }}

{{- define "penstock.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "penstock.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* A duration as run.yaml has it (600, 0.5, 500ms, 10m, 1h), in whole seconds, rounded up. */}}
{{- define "penstock.seconds" -}}
{{- $text := toString . }}
{{- $factor := 1.0 }}
{{- if hasSuffix "ms" $text }}{{ $factor = 0.001 }}{{ $text = trimSuffix "ms" $text }}
{{- else if hasSuffix "s" $text }}{{ $text = trimSuffix "s" $text }}
{{- else if hasSuffix "m" $text }}{{ $factor = 60.0 }}{{ $text = trimSuffix "m" $text }}
{{- else if hasSuffix "h" $text }}{{ $factor = 3600.0 }}{{ $text = trimSuffix "h" $text }}
{{- end }}
{{- mulf (float64 $text) $factor | ceil | int64 }}
{{- end }}

{{- define "penstock.adminPort" -}}
{{- (.Values.config.admin | default dict).port | default 8322 }}
{{- end }}

{{/* Where the kubelet and Prometheus ask: the admin listener, if there is one. */}}
{{- define "penstock.probePort" -}}
{{- if .Values.config.admin }}admin{{ else }}http{{ end }}
{{- end }}

{{- define "penstock.scheme" -}}
{{- $server := .Values.config.server | default dict }}
{{- if $server.tls_certfile }}https{{ else }}http{{ end }}
{{- end }}

{{- define "penstock.probeScheme" -}}
{{- $server := .Values.config.server | default dict }}
{{- $tls := $server.tls_certfile }}
{{- with .Values.config.admin }}{{ $tls = .tls }}{{ end }}
{{- if $tls }}https{{ else }}http{{ end }}
{{- end }}

{{/* How the kubelet asks: it has no certificate to show where clients must. */}}
{{- define "penstock.probe" -}}
{{- $top := index . 0 }}
{{- $server := $top.Values.config.server | default dict }}
{{- if and $server.tls_cafile (eq (include "penstock.probeScheme" $top) "https") -}}
tcpSocket:
  port: {{ include "penstock.probePort" $top }}
{{- else -}}
httpGet:
  path: {{ index . 1 }}
  port: {{ include "penstock.probePort" $top }}
  scheme: {{ include "penstock.probeScheme" $top | upper }}
{{- end }}
{{- end }}
