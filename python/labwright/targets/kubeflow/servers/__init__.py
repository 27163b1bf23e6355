"""Notebook servers of a Kubeflow cluster: Notebook objects, claims, and what is around them.

What decides is pure: `building`, `reading`, `state`, `claims`, `spawner`, `devices`. `kube` asks
the Kubernetes API, `watching` watches it, `service` does what `targets.server_protocols` says.
"""
