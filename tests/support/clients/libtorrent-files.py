"""Reads and makes .torrent files and magnets with libtorrent; prints one line of JSON.

    read FILE_OR_MAGNET
    make v1|hybrid PATH ANNOUNCE OUTPUT
"""

import json
import os
import sys

import libtorrent as lt


def read(source):
    if source.startswith("magnet:"):
        parameters = lt.parse_magnet_uri(source)
        return {
            "infoHash": str(parameters.info_hashes.v1),
            "name": parameters.name,
            "files": [],
            "trackers": parameters.trackers,
        }
    info = lt.torrent_info(source)
    files = info.files()
    named = [number for number in range(files.num_files()) if not files.file_flags(number) & lt.file_flags_t.flag_pad_file]
    return {
        "infoHash": str(info.info_hashes().v1),
        "name": info.name(),
        "files": [[files.file_path(number), files.file_size(number)] for number in named],
        "trackers": [tracker.url for tracker in info.trackers()],
        "magnet": lt.make_magnet_uri(info),
    }


def make(version, path, announce, output):
    files = lt.file_storage()
    lt.add_files(files, path)
    flags = lt.create_torrent.v1_only if version == "v1" else 0
    torrent = lt.create_torrent(files, 32768, flags)
    torrent.add_tracker(announce)
    lt.set_piece_hashes(torrent, os.path.dirname(path))
    with open(output, "wb") as file:
        file.write(lt.bencode(torrent.generate()))
    return read(output)


command, *arguments = sys.argv[1:]
print(json.dumps(read(*arguments) if command == "read" else make(*arguments)))
