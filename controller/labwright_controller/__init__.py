"""The notebook controller: notebook servers on Kubernetes, in place of Kubeflow's own."""
