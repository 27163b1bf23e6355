"""How a cluster wants its controller: Kubeflow's environment variables, and a few more."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Read once at the start; names in capitals are the environment variables."""

    use_istio: bool = False
    istio_gateway: str = "kubeflow/kubeflow-gateway"
    istio_host: str = "*"
    cluster_domain: str = "cluster.local"
    add_fsgroup: bool = True
    gateway: str = ""
    """GATEWAY: `namespace/name` of a Gateway; every server gets an HTTPRoute there."""
    network_policy: bool = False
    """NETWORK_POLICY: let only this namespace's pods and NETWORK_POLICY_FROM's reach a server."""
    network_policy_from: tuple[str, ...] = ()

    enable_culling: bool = False
    cull_idle_minutes: float = 1440
    check_minutes: float = 1
    warn_minutes: float = 10
    """CULL_WARNING_TIME: how long before the stop its user is told."""
    probe_url: str = "http://{service}.{namespace}.svc.{domain}"
    """PROBE_URL: where servers answer the controller; behind a mesh, its gateway."""

    gpu_metrics: tuple[str, ...] = ()
    """GPU_METRICS: pages with DCGM_FI_DEV_GPU_UTIL, such as a Prometheus' /federate."""

    workers: int = 16
    namespace: str = "kubeflow"
    """POD_NAMESPACE: where the lease lies."""
    identity: str = ""
    listen: str = "0.0.0.0:8080"
    """LISTEN: where /healthz, /readyz and /metrics answer."""
    webhooks: str = ""
    """WEBHOOKS: where admission webhooks answer, such as 0.0.0.0:9443; empty means nowhere."""
    webhook_configuration: str = "labwright-controller"
    """WEBHOOK_CONFIGURATION: the objects that tell the API server of them."""
    spawner_config: str = ""
    """SPAWNER_CONFIG: a spawner_ui_config.yaml, whose defaults new Notebooks get."""
    elect: bool = True
    watch_namespaces: tuple[str, ...] = ()
    """WATCH_NAMESPACES: only these, so that Roles are enough; empty means all."""


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """The settings; raises ValueError that names the variable which makes no sense."""
    base = Settings()

    def text(name: str, default: str) -> str:
        return env.get(name) or default

    def flag(name: str, default: bool) -> bool:
        value = env.get(name, "").lower()
        if value not in ("", "true", "false"):
            raise ValueError(f"{name} is {value!r}: it must be true or false")
        return default if not value else value == "true"

    def number(name: str, default: float) -> float:
        value = env.get(name) or str(default)
        try:
            found = float(value)
        except ValueError:
            found = -1
        if found <= 0:
            raise ValueError(f"{name} is {value!r}: it must be a number above 0")
        return found

    def many(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())

    gateway = text("GATEWAY", "")
    if gateway and gateway.count("/") != 1:
        raise ValueError(f"GATEWAY is {gateway!r}: it must be NAMESPACE/NAME of a Gateway")
    return Settings(
        use_istio=flag("USE_ISTIO", base.use_istio),
        istio_gateway=text("ISTIO_GATEWAY", base.istio_gateway),
        istio_host=text("ISTIO_HOST", base.istio_host),
        cluster_domain=text("CLUSTER_DOMAIN", base.cluster_domain),
        add_fsgroup=flag("ADD_FSGROUP", base.add_fsgroup),
        gateway=gateway,
        network_policy=flag("NETWORK_POLICY", base.network_policy),
        network_policy_from=many("NETWORK_POLICY_FROM"),
        enable_culling=flag("ENABLE_CULLING", base.enable_culling),
        cull_idle_minutes=number("CULL_IDLE_TIME", base.cull_idle_minutes),
        check_minutes=number("IDLENESS_CHECK_PERIOD", base.check_minutes),
        warn_minutes=number("CULL_WARNING_TIME", base.warn_minutes),
        probe_url=text("PROBE_URL", base.probe_url),
        gpu_metrics=many("GPU_METRICS"),
        workers=int(number("WORKERS", base.workers)),
        namespace=text("POD_NAMESPACE", base.namespace),
        identity=text("POD_NAME", os.uname().nodename + f"-{os.getpid()}"),
        listen=text("LISTEN", base.listen),
        webhooks=text("WEBHOOKS", base.webhooks),
        webhook_configuration=text("WEBHOOK_CONFIGURATION", base.webhook_configuration),
        spawner_config=text("SPAWNER_CONFIG", base.spawner_config),
        elect=flag("LEADER_ELECT", base.elect),
        watch_namespaces=many("WATCH_NAMESPACES"),
    )
