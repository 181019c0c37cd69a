"""A camera: an RTSP server that plays video files in their own time, run by the system's Python.

serve_rtsp.py PORT [--login NAME:PASSWORD] [--digest] NAME=FILE...
"""

import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PIPES = {"h264": "h264parse ! rtph264pay config-interval=-1", "h265": "h265parse ! rtph265pay config-interval=-1"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--login")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("streams", nargs="+")
    arguments = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments.port)
    if arguments.login:
        _ask_for_password(server, *arguments.login.split(":", 1), digest=arguments.digest)
    for stream in arguments.streams:
        name, file = stream.split("=", 1)
        factory = GstRtspServer.RTSPMediaFactory()
        pipe = PIPES["h265" if "h265" in name else "h264"]
        factory.set_launch(f'( filesrc location="{file}" ! qtdemux ! queue ! {pipe} name=pay0 pt=96 )')
        if arguments.login:
            _allow(factory)
        server.get_mount_points().add_factory(f"/{name}", factory)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {arguments.port}")
    print("ready", flush=True)  # noqa: T201 - the one that started us waits for this line
    GLib.MainLoop().run()


def _ask_for_password(server: GstRtspServer.RTSPServer, name: str, password: str, *, digest: bool) -> None:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if digest:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(name, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
    server.set_auth(auth)


def _allow(factory: GstRtspServer.RTSPMediaFactory) -> None:
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("viewer", right, True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    main()
