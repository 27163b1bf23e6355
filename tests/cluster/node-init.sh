#!/bin/bash
# The first process of a node, in mount and PID namespaces of its own: when it ends, so do
# containerd, the kubelet and every container, and all their mounts are gone.
# Arguments: the node's folder, the kubelet, its kubeconfig, the node's name.
set -euo pipefail
cd "$1"

# What they write outside the folder is seen by nobody else.
mount --make-rshared /
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
# Its sockets need a short path.
mkdir kubelet /run/kubelet
mount --bind kubelet /run/kubelet
# The kubelet sets these where they differ; a test must not change its machine.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=sysctl.${setting%%=*}
  file=${file//\//.}
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%%=*}"
done

containerd --config containerd.toml >containerd.log 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
ctr --namespace k8s.io images import --no-unpack image.tar >images.log
rm image.tar
"$2" --config kubelet.yaml --kubeconfig "$3" --hostname-override "$4" --cloud-provider external \
  --root-dir /run/kubelet >kubelet.log 2>&1 &
# Either without the other is no node.
wait -n
