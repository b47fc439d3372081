import type { CommandSpec } from "./command-spec.js";

const serveCommand: CommandSpec = {
  name: "serve",
  aliases: [],
  arguments: "",
  summary: "Run a hub: tracker, catalogue, relay and web page on one port",
  options: [
    { flags: "--port <port>", description: "port, 0 for a free one (default: PORT, else 8000)" },
    { flags: "--host <address>", description: "address to listen on (default: all)" },
    { flags: "--public-url <url>", description: "where people open the page, e.g. behind a proxy" },
    { flags: "--trust-proxy", description: "believe X-Forwarded-For" },
    {
      flags: "--announce-rate <count>",
      description: "announces per minute, socket and share; 0 for no limit (default: 2)",
    },
    {
      flags: "--relay <policy>",
      description: "which shares to pass on: published here, any, or off (default: published)",
    },
    {
      flags: "--cache <size>",
      description: "disk for what is passed on; 0 for no relay (default: 10G or half of what is free)",
    },
    { flags: "--keep <size>", description: "disk of that for keeping whole shares (default: 0)" },
    { flags: "--keep-time <time>", description: "how long a kept share is promised (default: 7d)" },
  ],
  examples: ["serve", "serve --port 80 --data /var/lib/shoal --public-url https://hub.example/"],
  load: async () => (await import("./serve.js")).serve,
};

const trackerCommand: CommandSpec = {
  name: "tracker",
  aliases: [],
  arguments: "<port>",
  summary: "Run a tracker alone, with its catalogue but without a page",
  options: [
    { flags: "--host <address>", description: "address to listen on (default: all)" },
    { flags: "--trust-proxy", description: "believe X-Forwarded-For" },
    { flags: "--public-url <url>", description: "where it is reached, e.g. behind a proxy" },
    {
      flags: "--announce-rate <count>",
      description: "announces per minute, socket and share; 0 for no limit (default: 2)",
    },
    { flags: "--store <url>", description: "share state with other trackers through Redis", unavailable: true },
  ],
  examples: ["tracker 8000", "tracker 8000 --data /var/lib/shoal"],
  load: async () => (await import("./tracker.js")).runTracker,
};

const uploadCommand: CommandSpec = {
  name: "upload",
  aliases: ["seed", "share"],
  arguments: "<path...>",
  summary: "Share files or folders: prints their links, then seeds until stopped",
  options: [
    { flags: "--unlisted", description: "cannot be searched for: only who has the link or info-hash gets it" },
    { flags: "--listen <port>", description: "port at which peers can connect (default: a free one)" },
    { flags: "--no-listen", description: "connect out only" },
    { flags: "--endpoint <url>", description: "tell peers this URL instead of the port, e.g. behind a proxy" },
    { flags: "--until-ratio <ratio>", description: "stop once this many times the size was sent" },
    { flags: "--until-time <time>", description: "stop after this long, e.g. 2h" },
    { flags: "--until-kept", description: "stop once a relay has promised to keep a copy" },
    { flags: "--piece-length <size>", description: "bytes per piece, e.g. 256K (default: by the size of the content)" },
    { flags: "--verify", description: "hash again, even what is remembered from last time" },
    { flags: "--private", description: "encrypt", unavailable: true },
    { flags: "--password-file <file>", description: "password of a private share", unavailable: true },
  ],
  examples: ["upload song.flac", "upload photos/ films/ --up 2M", "upload draft.pdf --unlisted --until-ratio 3"],
  load: async () => (await import("./upload.js")).upload,
};

const downloadCommand: CommandSpec = {
  name: "download",
  aliases: ["get"],
  arguments: "<what...>",
  summary: "Get shares: WHAT is a link, magnet, info-hash, .torrent file or a name in the catalogue",
  options: [
    { flags: "-o, --output <dir>", description: "folder to put them in, made if missing (default: this one)" },
    {
      flags: "--select <files>",
      description: 'only these files: indexes from 0 and ranges ("0,3-5"), paths, patterns ("*.flac"); repeatable',
      repeatable: true,
    },
    { flags: "--keep-seeding", description: "go on sharing afterwards until Ctrl-C" },
    { flags: "--overwrite", description: "replace what has the same name" },
    { flags: "--skip", description: "leave out what is there already" },
    { flags: "--verify", description: "check all that is there already and get only what is wrong or missing" },
    { flags: "--stdout", description: "write a single file to standard output" },
    { flags: "--timeout <time>", description: "give up after this long without any new data; 0: never (default: 60s)" },
    { flags: "--listen <port>", description: "port at which peers can connect (default: a free one)" },
    { flags: "--no-listen", description: "connect out only" },
    { flags: "--endpoint <url>", description: "tell peers this URL instead of the port" },
    { flags: "--password-file <file>", description: "password of a private share", unavailable: true },
  ],
  examples: [
    "download song.flac -o ~/Music",
    'download "http://hub.example:8000/#/s/0123…" --select "*.flac"',
    "download film.torrent --keep-seeding",
  ],
  load: async () => (await import("./download.js")).download,
};

const searchCommand: CommandSpec = {
  name: "search",
  aliases: [],
  arguments: "[words...]",
  summary: "Look through the catalogues: shares whose names hold all words; without words all, newest first",
  options: [{ flags: "--limit <count>", description: "how many at most (default: 50)" }],
  examples: ["search holiday 2026", "search --json | head -5"],
  load: async () => (await import("./search.js")).search,
};

const infoCommand: CommandSpec = {
  name: "info",
  aliases: [],
  arguments: "<what>",
  summary: "Tell everything about one share: files, pieces, peers, who holds what",
  options: [
    { flags: "--pieces", description: "how many peers hold each piece" },
    { flags: "--piece <index>", description: "which peers hold this piece" },
    { flags: "--timeout <time>", description: "how long to wait for somebody who can describe it (default: 15s)" },
  ],
  examples: ["info song.flac", "info film.torrent --pieces", "info 0123456789abcdef0123456789abcdef01234567 --json"],
  load: async () => (await import("./info.js")).info,
};

const createCommand: CommandSpec = {
  name: "create",
  aliases: [],
  arguments: "<path>",
  summary: "Make a .torrent file without sharing anything",
  options: [
    { flags: "-o, --output <file>", description: "where to write it (default: NAME.torrent here)" },
    { flags: "--piece-length <size>", description: "bytes per piece, e.g. 256K (default: by the size of the content)" },
    {
      flags: "--web-seed <url>",
      description: "a web server that has the content: a file's URL, or that of the folder it is in; repeatable",
      repeatable: true,
    },
    { flags: "--overwrite", description: "replace an existing file" },
  ],
  examples: ["create holiday/ -o holiday.torrent", "create song.flac --tracker wss://hub.example/announce"],
  load: async () => (await import("./create.js")).create,
};

const clientCommand: CommandSpec = {
  name: "client",
  aliases: [],
  arguments: "<host> <port>",
  summary: "Talk to a hub interactively: upload, download, list, status, cancel, help, exit",
  options: [
    { flags: "-o, --output <dir>", description: "folder for downloads (default: this one)" },
    { flags: "--timeout <time>", description: "give a download up after this long without new data (default: 60s)" },
    { flags: "--listen <port>", description: "port at which peers can connect (default: a free one)" },
    { flags: "--no-listen", description: "connect out only" },
    { flags: "--endpoint <url>", description: "tell peers this URL instead of the port" },
  ],
  examples: ["client localhost 8000", "client localhost 8000 < commands.txt"],
  load: async () => (await import("./client.js")).runClient,
};

/** Every command, in the order of the help; what a command needs is loaded when it runs. */
export const commands: readonly CommandSpec[] = [
  serveCommand,
  trackerCommand,
  uploadCommand,
  downloadCommand,
  searchCommand,
  infoCommand,
  createCommand,
  clientCommand,
];
