"""`labwright install`: the notebook controller's manifests, printed or applied."""

from typing import Annotated

from ...errors import LabwrightError
from ..spec import Arg, Opt


def install(
    overlay: Annotated[
        str, Arg("standalone (no Kubeflow), kubeflow, or istio.", metavar="OVERLAY")
    ] = "kubeflow",
    image: Annotated[
        str, Opt("--image", metavar="IMAGE", help="The controller's image, from your registry.")
    ] = "",
    namespace: Annotated[
        str,
        Opt("--namespace", metavar="NAME", help="Where the controller is to be; else kubeflow."),
    ] = "",
    apply: Annotated[
        bool, Opt("--apply", help="Put them into the cluster, instead of printing them.")
    ] = False,
    context: Annotated[
        str, Opt("--context", metavar="NAME", help="The kubeconfig context, if not the current.")
    ] = "",
    kubeconfig: Annotated[
        str, Opt("--kubeconfig", metavar="FILE", help="Where the context is, if not the usual.")
    ] = "",
) -> int:
    """Print the manifests of the notebook controller, or apply them to a cluster.

    The image is any with `pip install labwright[controller]` on Python 3.11 or newer. Beside
    Kubeflow, scale its own notebook controller to 0 first.
    """
    from ...targets.kubeflow import installing
    from ..console import err, out

    namespace = namespace or installing.NAMESPACE
    bodies = installing.objects(overlay, image, namespace)
    if not apply:
        for option, value in (("--context", context), ("--kubeconfig", kubeconfig)):
            if value:
                raise LabwrightError(f"{option} is for --apply alone")
        out(installing.as_yaml(bodies).rstrip())
        return 0
    if not image:
        raise LabwrightError(
            "the controller's image is not named", hint="name it with --image IMAGE"
        )
    installing.apply(bodies, context, kubeconfig, say=err)
    out(f"Installed; `kubectl -n {namespace} get deployment {installing.IMAGE}` shows it.")
    return 0
