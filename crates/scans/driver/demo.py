"""An emulated AWS account on a port of this machine, filled with what an assessment would find.

Standard input: one line, `{"scale":1,"regions":["us-east-1"]}`; its end ends the account. Standard output: a line
once it is there, `{"e":"filled","endpoint":"http://127.0.0.1:…","account":"…","calls":…,"failed":{…}}`, or
`{"e":"failed","reason":"…"}`.
"""

import json
import logging
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from custody_driver import limits, warden  # noqa: E402


def main():
    limits.harden()
    out = os.dup(1)
    os.dup2(2, 1)
    order_fd = warden.start(close=[out])
    order = json.loads(os.fdopen(os.dup(order_fd)).readline())
    try:
        told = {"e": "filled", **_filled(order)}
    except Exception as error:  # noqa: BLE001
        told = {"e": "failed", "reason": f"{type(error).__name__}: {error}"}
    os.write(out, (json.dumps(told) + "\n").encode())
    if told["e"] == "filled":
        # The warden ends this process with the group.
        while os.read(order_fd, 4096):
            pass
    os._exit(1)


def _filled(order):
    # Its own images would bring 650 snapshots a region: nine findings in ten, of nothing that was put there.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=order.get("port", 0), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    from custody_driver.demo_account import DemoAccount

    account = DemoAccount(endpoint, order.get("scale", 1), order.get("regions") or ["us-east-1", "eu-west-1"])
    account.fill(order.get("services"))
    return {"endpoint": endpoint, "account": account.number, "calls": account.calls, "failed": account.failed}


if __name__ == "__main__":
    main()
