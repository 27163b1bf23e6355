"""How the server listens. A user's own settings in ~/.jupyter come after these."""

import os

c = get_config()  # noqa: F821

prefix = os.environ.get("NB_PREFIX", "")
c.ServerApp.base_url = prefix or "/"
c.ServerApp.ip = "0.0.0.0"
# On another port nobody would find it.
c.ServerApp.port_retries = 0
c.ServerApp.root_dir = os.environ["HOME"]
c.ServerApp.open_browser = False
# The container would only be started again.
c.ServerApp.quit_button = False
# The trash of a volume only fills it.
c.FileContentsManager.delete_to_trash = False

# Behind a prefix there is a gateway, which lets in whom it has authenticated. Without one there is
# nobody else who asks, so Jupyter's own token stays.
if prefix and not os.environ.get("JUPYTER_TOKEN"):
    c.IdentityProvider.token = ""
