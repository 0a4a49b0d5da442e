{{/* What a distribution's nodes have elsewhere: the directories that are mounted, and
more environment for `multus install`. The kustomize overlays beside this
chart say the same; a test compares. */}}
{{- define "multus.distributions" -}}
kubeadm: {}
rke2: {}
minikube: {}
k3s:
  confDir: /var/lib/rancher/k3s/agent/etc/cni/net.d
  binDir: /var/lib/rancher/k3s/data
k3d:
  confDir: /var/lib/rancher/k3s/agent/etc/cni/net.d
  binDir: /bin
gke:
  binDir: /home/kubernetes/bin
  binType: Directory
microk8s:
  confDir: /var/snap/microk8s
  confType: Directory
  binDir: none
k0s: {}
talos:
  early: true
openshift:
  confDir: /etc/kubernetes/cni/net.d
  binDir: /var/lib/cni/bin
  seLinuxType: spc_t
{{- end -}}

{{- define "multus.image" -}}
{{ .Values.image.repository }}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end -}}

{{- define "multus.labels" -}}
app.kubernetes.io/name: multus
app.kubernetes.io/component: installer
{{- end -}}

{{/* The rules of each ClusterRole; all but the first are there where they are asked for. */}}
{{- define "multus.clusterRules" -}}
multus:
  - {apiGroups: [k8s.cni.cncf.io], resources: [network-attachment-definitions], verbs: [get, list]}
  - {apiGroups: [""], resources: [pods], verbs: [get]}
  - {apiGroups: [""], resources: [pods/status], verbs: [patch]}
  - {apiGroups: [""], resources: [events], verbs: [create]}
{{- if eq .Values.repair "event" }}
multus-repair:
  - {apiGroups: [""], resources: [pods], verbs: [list]}
{{- end }}
{{- if eq .Values.repair "delete" }}
multus-repair-delete:
  - {apiGroups: [""], resources: [pods], verbs: [list, delete]}
{{- end }}
{{- if .Values.taint }}
multus-taint:
  - {apiGroups: [""], resources: [nodes], verbs: [get, patch]}
{{- end }}
{{- if or .Values.nodeSelector .Values.affinity }}
multus-nodes:
  - {apiGroups: [""], resources: [nodes], verbs: [get]}
{{- end }}
{{- if .Values.devices }}
multus-devices:
  - {apiGroups: [resource.k8s.io], resources: [resourceclaims], verbs: [get]}
  - {apiGroups: [resource.k8s.io], resources: [resourceslices], verbs: [list]}
{{- end }}
{{- if .Values.legacyNetworks }}
multus-legacy:
  - {apiGroups: [kubernetes.com], resources: [networks], verbs: [get]}
{{- end }}
{{- end -}}
