/** Everything the page says, in one place; what takes a number says it in words that fit it. */

const whole = new Intl.NumberFormat("en");
const ago = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const both = new Intl.ListFormat("en", { style: "long", type: "conjunction" });

/** `count` with the noun that fits it: "1 file", "2,790 files". */
function counted(count: number, one: string, many: string): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

/** "a, b and 2 others"; more than three are not worth reading. */
function named(names: readonly string[]): string {
  const shown = names.length > 3 ? names.slice(0, 2) : names;
  const left = names.length - shown.length;
  return both.format(left === 0 ? shown : [...shown, counted(left, "other", "others")]);
}

export const texts = {
  title: "Shoal",
  titleOf: (name: string) => `${name} · Shoal`,
  titleWithProgress: (percent: string, name: string) => `${percent} · ${name} · Shoal`,
  home: "Shoal, to the start",
  copy: "Copy",
  copyLink: "Copy link",
  copied: "Copied",
  copyFailed: "Select it and copy it by hand",
  retry: "Try again",
  close: "Close",

  menu: {
    label: "Settings",
    theme: "Theme",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    notify: "Tell me when something is here",
    notifyHint: "With a notification, while you look elsewhere.",
    notifyDenied:
      "This browser does not allow notifications for this page. Its settings for this site can change that.",
    storage: "Space on this device",
    storageOf: (used: string, quota: string) => `${used} used of ${quota} that the browser gives this page`,
    storageKept: "The browser keeps it until you delete it.",
    storageLoose: "The browser may clear it when the disk gets full. Save what matters.",
    about: "About",
    aboutText:
      "Files go straight from the people who have them to the people who want them. This hub introduces them; every piece is checked when it arrives.",
  },

  add: {
    heading: "Drop files or folders here",
    headingTouch: "Share files or a folder",
    chooseFiles: "Choose files",
    chooseFolder: "Choose a folder",
    stay: "They stay on your device until somebody gets them.",
    visibility: "Who can find it",
    listed: "Anyone on this hub can find it",
    unlisted: "Only with the link",
    drop: "Drop to share",
    dropListed: "Anyone on this hub will be able to find it.",
    dropUnlisted: "Only who has the link will be able to get it.",
    reading: (count: number) => (count === 0 ? "Reading…" : `Reading… ${counted(count, "file", "files")} so far`),
    nothing: "There is no file in it. Empty folders cannot be shared.",
    tooMany: (limit: number) =>
      `That is more than ${whole.format(limit)} files. Share a part of the folder, or a ZIP of it.`,
    unreadable: "The browser could not read all of it. Look whether you may open it, then drop it again.",
    /** The folder that several picked files come in. */
    severalName: (first: string, others: number) => `${first} and ${others} more`,
  },

  open: {
    label: "Got a link?",
    placeholder: "Paste it here",
    button: "Open",
    wrong: "That is no link of a share. Paste a whole link, a magnet or an info-hash of 40 letters and digits.",
  },

  mine: {
    heading: "Under way here",
  },

  sharing: {
    hashing: "Preparing",
    hashingText: "Reading it once, so that every piece can be checked.",
    publishing: "Telling the hub",
    sharing: "Sharing",
    needsFiles: "Waiting for its files",
    failed: "Stopped",
    linkComing: "Its link will be here",
    link: "Link",
    qr: "QR code",
    qrOf: (name: string) => `QR code of the link to ${name}`,
    nobody: "Nobody is getting it yet. Send them the link.",
    people: (leeches: number, seeds: number) =>
      [
        leeches > 0
          ? leeches === 1
            ? "1 person is getting it"
            : `${whole.format(leeches)} people are getting it`
          : "",
        seeds > 0 ? (seeds === 1 ? "1 more has all of it" : `${whole.format(seeds)} more have all of it`) : "",
      ]
        .filter((part) => part !== "")
        .join(" · "),
    up: (rate: string) => `↑ ${rate}`,
    given: (size: string) => `${size} given`,
    onlyLink: "only with the link",
    listed: "listed here",
    stop: "Stop sharing",
    cancel: "Cancel",
    remove: "Remove",
    pickAgainFiles: "Pick it again",
    grant: "Go on sharing",
    needsFilesText:
      "The page was loaded again, and the browser forgets which files were shared. Pick the same ones: the link stays the same.",
    canGrantText: "The page was loaded again. The browser remembers the files and asks you once.",
    details: "Details",
    own: "You are sharing this.",
  },

  advice: {
    needed: "Keep this tab open: nobody else has all of it yet.",
    safeUntil: (by: readonly string[], moment: string) =>
      `You can close this tab: kept by ${named(by)} until ${moment}.`,
    safe: (by: readonly string[]) =>
      by.length === 0
        ? "You can close this tab: others have all of it."
        : `You can close this tab: ${named(by)} ${by.length === 1 ? "has" : "have"} all of it.`,
  },

  get: {
    button: (size: string) => `Get ${size}`,
    nothingChosen: "Choose what to get",
    states: {
      looking: "Looking for it",
      found: "Ready to get",
      unknown: "Not found so far",
      checking: "Checking what is here",
      getting: "Getting",
      stalled: "Nothing is coming",
      paused: "Paused",
      interrupted: "Interrupted",
      done: "Complete",
      failed: "Stopped",
    },
    lookingText: "Asking the hub and everybody else who may know it.",
    stillLooking: (since: string) => `Looking since ${since}, and going on.`,
    interruptedText: "The page was closed or loaded again. What has come is still here.",
    checkingText: "What came before is being checked.",
    progressOf: (done: string, size: string) => `${done} of ${size}`,
    progressLabel: (name: string) => `Progress of ${name}`,
    preparing: (name: string) => `Preparing ${name}`,
    down: (rate: string) => `↓ ${rate}`,
    from: (people: number, relays: number) => {
      const sources = [
        people > 0 ? counted(people, "person", "people") : "",
        relays > 0 ? counted(relays, "relay", "relays") : "",
      ].filter((part) => part !== "");
      return sources.length === 0 ? "" : `from ${both.format(sources)}`;
    },
    pause: "Pause",
    resume: "Resume",
    cancel: "Cancel",
    discard: "Discard",
    save: "Save",
    saveAgain: "Save again",
    saveAs: "Save as…",
    saveToFolder: "Save to a folder…",
    saving: "Preparing…",
    saved: "Saved.",
    savedTo: (name: string) => `Saved to ${name}.`,
    saveFailed: "It could not be saved.",
    helping: "You are helping others now: they can get it from you while this tab is open.",
    notHelping: "Others get it elsewhere now.",
    stopHelping: "Stop helping",
    remove: "Remove from here",
    removeHint: "Deletes this page’s copy. What you saved stays.",
    details: "Details",
    files: "Files",
    selectAll: "Select all",
    chosen: (count: number, total: number, size: string) =>
      `${whole.format(count)} of ${counted(total, "file", "files")} · ${size}`,
    moreFiles: (count: number) => `Show ${whole.format(count)} more`,
    fileCount: (count: number) => counted(count, "file", "files"),
    otherWays: "Other ways to get it",
  },

  why: {
    offline: "You are offline. It goes on by itself when the connection is back.",
    hubUnreachable: "The hub does not answer, and nobody else who has it is known. It is asked again and again.",
    nobodyKnown: "Nobody who has it is online.",
    nobodyHasTheRest: (percent: string) => `Nobody who has the missing ${percent} is online.`,
    onlyUnreachable: "Somebody has it, but this browser cannot reach them, and no relay carries it yet.",
    waiting: "Who has it is busy with others. Your turn comes by itself.",
    relayUnreachable: "The relay that carries it does not answer. It is tried again and again.",
    anotherTab: "Another tab of this browser is at it already. Go on there, or close that tab.",
    lastSeen: (since: string) => `Last seen ${since}.`,
    tried: "What was tried",
    ways: { tracker: "Tracker", relay: "Relay", peer: "Peer" },
    nothingTried: "Nothing yet.",
  },

  trouble: {
    "disk-full": "There is no room left for it. Delete something, here or on the disk, then resume.",
    disk: "The browser could not read or write its storage. Try again; if it stays so, restart the browser.",
    "source-changed": "The file has changed since it was shared. Share it again to give the new version.",
    unreadable: "A file could not be read. Look whether it is still there and you may open it, then share it again.",
    "wrong-files": "Those are not the files that were shared. Pick the same ones, unchanged.",
    metainfo: "The description of this share is broken. Ask for a new link.",
    "unsafe-name": "A file in it has a name that no disk should hold. Ask for it under another name.",
    "bad-link": "That link is not complete. Copy it again from where you found it.",
    "bad-content": "What came was not what the link promised. Ask for a new link.",
    tracker: "The hub did not accept it. Try again in a while.",
    "busy-elsewhere": "Another tab of this browser is at it already. Go on there, or close that tab.",
    failed: "Something went wrong that this page does not know.",
    details: "What exactly",
  },

  peers: {
    heading: "Connected",
    none: "Nobody is connected right now.",
    kinds: { relay: "relay", seed: "seeder", peer: "peer" },
    name: "Who",
    kind: "As",
    rate: "Rate",
    total: "In all",
    has: "Has",
    mapOf: (percent: string, verified: number, total: number, sources: number) =>
      `${percent} complete; ${whole.format(verified)} of ${counted(total, "piece", "pieces")}; ${counted(sources, "source", "sources")}`,
  },

  notices: {
    plainHttp: "This page came over plain http",
    plainHttpText:
      "Browsers withhold from such pages what follows. Open it with https, or on the hub’s own machine as localhost.",
    noOpfs: "What you get stays in memory: large files do not fit, and a reload loses them.",
    noCrypto: "Checking pieces is slower.",
    noLocks: "Two tabs may fetch the same file twice.",
    noPickers: "Notifications, saving straight to a folder and keeping the screen awake.",
    hubGone: "The hub does not answer",
    hubGoneText: (since: string) =>
      `Since ${since}. What goes between people directly goes on; new ones are not found.`,
    broken: "Sharing and getting do not work in this browser",
    brokenText:
      "It lacks something that this page needs, or forbids it (as some private windows do). Another browser may do, and the commands below work everywhere.",
  },

  announce: {
    is: (name: string, state: string) => `${name}: ${state}`,
    done: (name: string) => `${name} is here`,
    linkReady: (name: string) => `The link to ${name} is ready`,
    notification: "It can be saved now.",
  },

  commands: {
    heading: "From the command line",
    shareLabel: "Share a file or a folder",
    shareHint: "Prints a link to pass on. Leave it running while people get it.",
    getLabel: "Get a share",
    getHint: "LINK is what the other one printed.",
    needsText: "Both need Node.js 20.19 or newer and a copy of Shoal. In its folder, run this once:",
  },

  search: {
    label: "Find a file",
  },

  list: {
    heading: "Shared here",
    headingFound: (query: string) => `Found for “${query}”`,
    loading: "Looking…",
    loadingMore: "Looking for more…",
    more: "Show more",
    /** For screen readers, after each search. */
    shown: (count: number, hasMore: boolean) =>
      hasMore ? `${counted(count, "share", "shares")} shown, there are more` : counted(count, "share", "shares"),
    empty: "Nothing is shared here yet",
    emptyText: "Be the first: drop a file above.",
    none: (query: string) => `Nothing found for “${query}”`,
    noneText: "All words must occur in the name of the share or of a file in it.",
    noneSoFar: "Nothing found so far",
    showAll: "Show everything",
  },

  hub: {
    unreachable: "The hub does not answer",
    unreachableText: "It may be restarting, or you may be offline. This page tries again by itself.",
    stale: "The hub does not answer. What you see may be out of date.",
    busy: "The hub is busy",
    busyText: "Too many requests came from your address. This page tries again by itself.",
    odd: "The hub’s answer makes no sense",
    oddText: "Something between you and it may have changed it. This page tries again by itself.",
    tooLong: "That is too long to search for",
    tooLongText: "A search has at most 128 characters.",
    closed: "This hub keeps its list to itself",
    closedText: "Shares are opened with their links here. Ask who shares for one.",
  },

  share: {
    back: "Start",
    loading: "Looking for this share…",
    get: "With a command",
    getHint: "Puts it into the folder in which you run it, checked piece by piece.",
    getUnknownHint: "A command asks further still:",
    link: "Link",
    magnet: "Magnet",
    copyMagnet: "Copy magnet",
    torrent: ".torrent",
    alsoAs: "Also as",
    unknown: "This hub does not know that share",
    unknownText: "It may have been withdrawn, or nobody has had all of it for 30 days. Was the link copied whole?",
    brokenLink: "That link is not complete",
    brokenLinkText: "A link ends with 40 letters and digits after “#/s/”. Copy it again from where you found it.",
    keyedLink: "That share is private",
    keyedLinkText: "This version opens listed and unlisted shares, not encrypted ones.",
    filesCut: (count: number) => `Only the first ${whole.format(count)} files are listed.`,
    details: "About this share",
    infoHash: "Info-hash",
    pieces: "Pieces",
    piecesOf: (count: number, length: string) => `${whole.format(count)} of ${length}`,
    added: "Added",
    listing: "Listing",
    listed: "Anyone on this hub can find it",
    unlisted: "Only with the link",
    privateFlag: "Peers come from this tracker alone (private flag)",
  },

  files: (count: number) => counted(count, "file", "files"),
  seeders: (count: number) => counted(count, "seeder", "seeders"),
  getting: (count: number) => `${whole.format(count)} getting it`,
  nobody: "nobody online",
  added: (since: string) => `added ${since}`,
  haveAll: (count: number) =>
    count === 1 ? "1 person has all of it." : `${whole.format(count)} people have all of it.`,
  areGetting: (count: number) => (count === 1 ? "1 is getting it." : `${whole.format(count)} are getting it.`),
  nobodyHasAll: (since: string) => `Nobody who has all of it is online. Last seen ${since}.`,
  nobodyHasAllNow: "Nobody who has all of it is online.",

  /** "4 minutes ago", from seconds. */
  ago(seconds: number): string {
    if (seconds < 60) return "just now";
    if (seconds < 3_600) return ago.format(-Math.floor(seconds / 60), "minute");
    if (seconds < 86_400) return ago.format(-Math.floor(seconds / 3_600), "hour");
    return ago.format(-Math.floor(seconds / 86_400), "day");
  },

  timeLeft: {
    soon: "a few seconds left",
    seconds: (count: number) => `${count} s left`,
    minutes: (count: number) => `${count} min left`,
    hours: (hours: number, minutes: number) => (minutes === 0 ? `${hours} h left` : `${hours} h ${minutes} min left`),
    days: (count: number) => `${counted(count, "day", "days")} left`,
    long: "more than a month left",
  },
} as const;
