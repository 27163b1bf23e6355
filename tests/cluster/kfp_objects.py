"""What KFP wants to find in a cluster: the kinds it uses, and what a namespace with runs needs."""

from __future__ import annotations

import json

from cluster.kube import Object

# Kind, plural, whether it lives in a namespace, whether its status is a part of its own.
ARGO_KINDS = [
    ("Workflow", "workflows", True, False),
    ("WorkflowTemplate", "workflowtemplates", True, False),
    ("ClusterWorkflowTemplate", "clusterworkflowtemplates", False, False),
    ("CronWorkflow", "cronworkflows", True, False),
    ("WorkflowTaskSet", "workflowtasksets", True, True),
    ("WorkflowTaskResult", "workflowtaskresults", True, False),
    ("WorkflowArtifactGCTask", "workflowartifactgctasks", True, True),
    ("WorkflowEventBinding", "workfloweventbindings", True, False),
]
RUNNER = "pipeline-runner"
# What a pipeline's pods ask of the cluster: Argo's results, KFP's launcher settings, volumes.
RUNNER_RULES = [
    {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "patch"]},
    {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["*"]},
    {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["get"]},
    {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflowtaskresults"],
        "verbs": ["create", "patch"],
    },
]
# What the API server asks the cluster about a user, in multi-user mode.
USER_RULES = [{"apiGroups": ["pipelines.kubeflow.org"], "resources": ["*"], "verbs": ["*"]}]
RBAC = "rbac.authorization.k8s.io"


def kinds() -> list[Object]:
    """The custom resources of KFP and Argo Workflows.

    Their own definitions spell out every field; a test server needs the kinds to exist and to keep
    what is written to them.
    """
    argo = [_kind("argoproj.io", "v1alpha1", *kind) for kind in ARGO_KINDS]
    return [*argo, _kind("kubeflow.org", "v1beta1", "ScheduledWorkflow", "scheduledworkflows")]


def _kind(
    group: str, version: str, kind: str, plural: str, namespaced: bool = True, status: bool = False
) -> Object:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}} if status else {},
    }
    return {
        **_object("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}"),
        "spec": {
            "group": group,
            "names": names,
            "scope": "Namespaced" if namespaced else "Cluster",
            "versions": [served],
        },
    }


def namespace(name: str, store: str, access_key: str, secret_key: str) -> list[Object]:
    """A namespace in which runs can run: their service account, and the way to the store."""
    secret = {
        "secretName": "mlpipeline-minio-artifact",
        "accessKeyKey": "accesskey",
        "secretKeyKey": "secretkey",
    }
    way = {
        "endpoint": store,
        "region": "us-east-1",
        "disableSSL": True,
        "credentials": {"fromEnv": False, "secretRef": secret},
    }
    return [
        _object("v1", "Namespace", name),
        _object("v1", "ServiceAccount", RUNNER, name),
        {
            **_object("v1", "Secret", secret["secretName"], name),
            "stringData": {"accesskey": access_key, "secretkey": secret_key},
        },
        {
            **_object("v1", "ConfigMap", "kfp-launcher", name),
            "data": {
                "defaultPipelineRoot": "minio://mlpipeline/v2/artifacts",
                # KFP reads this as YAML, of which JSON is a part.
                "providers": json.dumps({"minio": {"default": way}}),
            },
        },
        *grant(name, RUNNER, RUNNER_RULES, f"system:serviceaccount:{name}:{RUNNER}"),
    ]


def grant(where: str, name: str, rules: list[Object], *users: str) -> list[Object]:
    """A role in a namespace, and the users who have it."""
    return [
        {**_object(f"{RBAC}/v1", "Role", name, where), "rules": rules},
        {
            **_object(f"{RBAC}/v1", "RoleBinding", name, where),
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
            "subjects": [{"kind": "User", "apiGroup": RBAC, "name": user} for user in users],
        },
    ]


def administrator(account: str, where: str) -> list[Object]:
    """A service account that may do everything."""
    subject = {"kind": "ServiceAccount", "name": account, "namespace": where}
    return [
        _object("v1", "ServiceAccount", account, where),
        {
            **_object(f"{RBAC}/v1", "ClusterRoleBinding", f"{where}-{account}"),
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [subject],
        },
    ]


def argo_settings(name: str, where: str, executor: Object, store: str, bucket: str) -> Object:
    """What Argo's workflow controller reads: how it starts pods, where it keeps what they print,
    and that it measures nothing."""
    secret = "mlpipeline-minio-artifact"
    archive = {
        "endpoint": store,
        "bucket": bucket,
        "insecure": True,
        "accessKeySecret": {"name": secret, "key": "accesskey"},
        "secretKeySecret": {"name": secret, "key": "secretkey"},
        # The API server looks there.
        "keyFormat": "artifacts/{{workflow.name}}/{{pod.name}}",
    }
    data = {
        "executor": json.dumps(executor),
        "artifactRepository": json.dumps({"archiveLogs": True, "s3": archive}),
        "metricsConfig": json.dumps({"enabled": False}),
        "workflowEvents": json.dumps({"enabled": False}),
        "nodeEvents": json.dumps({"enabled": False}),
    }
    return {**_object("v1", "ConfigMap", name, where), "data": data}


def _object(version: str, kind: str, name: str, where: str | None = None) -> Object:
    metadata = {"name": name, "namespace": where} if where else {"name": name}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
