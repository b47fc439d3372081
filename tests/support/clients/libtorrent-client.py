"""One share in libtorrent. Argument: JSON with source, folder, encryption, bytesPerSecond.

Prints a line of JSON whenever it holds other pieces than before: {"pieces": "0110..."}; says on stderr what goes wrong.
"""

import json
import signal
import sys
import time

import libtorrent as lt

job = json.loads(sys.argv[1])
policy = {"never": lt.enc_policy.pe_disabled, "preferred": lt.enc_policy.pe_enabled, "required": lt.enc_policy.pe_forced}
# Of what a peer offers, the stronger is taken: a client that prefers encryption offers nothing else at first.
session = lt.session(
    {
        "listen_interfaces": "0.0.0.0:6881",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_natpmp": False,
        "enable_upnp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "in_enc_policy": policy[job["encryption"]],
        "out_enc_policy": policy[job["encryption"]],
        "prefer_rc4": job["encryption"] != "never",
        "stop_tracker_timeout": 1,
        "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
    }
)
if job["source"].startswith("magnet:"):
    parameters = lt.parse_magnet_uri(job["source"])
else:
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(job["source"])
parameters.save_path = job["folder"]
parameters.upload_limit = job["bytesPerSecond"] or -1
torrent = session.add_torrent(parameters)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

said = None
while True:
    status = torrent.status()
    pieces = "".join("1" if held else "0" for held in status.pieces)
    # While it checks its files nothing counts as held.
    if status.is_seeding:
        pieces = "1" * status.num_pieces
    if pieces != said:
        said = pieces
        print(json.dumps({"pieces": pieces}), flush=True)
    for alert in session.pop_alerts():
        if alert.category() & lt.alert.category_t.error_notification:
            print(alert.message(), file=sys.stderr, flush=True)
    time.sleep(0.05)
