"""One libtorrent peer. What it is told, and what it prints: see PeerPlan and PeerEvent in scripted-peer.ts."""

import json
import sys

import libtorrent as lt

# Nothing but the peers that it is told, over TCP; several of them are at one address here.
RULES = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
}


def main():
    plan = json.loads(sys.argv[1])
    settings = dict(lt.high_performance_seed()) if plan["isTuned"] else {}
    settings.update(RULES, listen_interfaces=plan["listen"])
    session = lt.session(settings)
    for seed in plan["seeds"]:
        add(session, seed, lt.torrent_flags.seed_mode)
    await_alerts(session, lt.listen_succeeded_alert, 1)
    say(event="ready", port=session.listen_port())
    if plan["gets"]:
        peers = plan["peers"]
        if peers is None:
            peers = json.loads(sys.stdin.readline())
        for get in plan["gets"]:
            handle = add(session, get, 0)
            for peer in peers:
                host, port = peer.split(":")
                handle.connect_peer((host, int(port)))
        await_alerts(session, lt.torrent_finished_alert, len(plan["gets"]), since=plan["gets"])
        say(event="complete")
    if plan["seeds"] or plan["stays"]:
        sys.stdin.read()


def add(session, item, flags):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(item["torrent"])
    params.save_path = item["folder"]
    params.flags = flags
    return session.add_torrent(params)


def await_alerts(session, kind, count, since=None):
    """Waits for so many alerts of a kind; with `since`, for torrents in these folders only."""
    while count > 0:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, (lt.listen_failed_alert, lt.file_error_alert, lt.torrent_error_alert)):
                sys.exit(alert.message())
            if isinstance(alert, kind) and (since is None or is_in(alert.handle, since)):
                count -= 1


def is_in(handle, items):
    return handle.status().save_path in [item["folder"] for item in items]


def say(**event):
    print(json.dumps(event), flush=True)


main()
