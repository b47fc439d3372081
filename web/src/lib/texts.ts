/** Everything the page says, in one place; what takes a number says it in words that fit it. */

const whole = new Intl.NumberFormat("en");
const ago = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** `count` with the noun that fits it: "1 file", "2,790 files". */
function counted(count: number, one: string, many: string): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

export const texts = {
  title: "Shoal",
  titleOf: (name: string) => `${name} · Shoal`,
  home: "Shoal, to the list of shares",
  copy: "Copy",
  copyLink: "Copy link",
  copied: "Copied",
  copyFailed: "Select it and copy it by hand",
  retry: "Try again",

  intro: {
    heading: "Files, straight from whoever has them",
    text: "This hub introduces people who share to people who want it. The files themselves stay on the sharers’ machines and travel between them.",
    shareLabel: "Share a file or a folder",
    shareHint: "Prints a link to pass on. Leave it running while people get it.",
    getLabel: "Get a share",
    getHint: "LINK is what the other one printed. Or pick a share below: each has its own command.",
    needs: "What do the commands need?",
    needsText: "Node.js 20.19 or newer and a copy of Shoal. In its folder, run this once, then the commands above:",
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
    emptyText: "Be the first: run the command above with a file of yours.",
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
  },

  share: {
    back: "All shares",
    loading: "Looking for this share…",
    get: "Get it",
    getHint: "Puts it into the folder in which you run it, checked piece by piece.",
    getUnknownHint: "Somebody may have it all the same. This asks them:",
    link: "Link",
    linkHint: "Opens this page.",
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
    files: "Files",
    showAllFiles: (count: number) => `Show all ${whole.format(count)} files`,
    filesCut: (count: number) => `Only the first ${whole.format(count)} files are listed.`,
    details: "Details",
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

  /** "4 minutes ago", from seconds. */
  ago(seconds: number): string {
    if (seconds < 60) return "just now";
    if (seconds < 3_600) return ago.format(-Math.floor(seconds / 60), "minute");
    if (seconds < 86_400) return ago.format(-Math.floor(seconds / 3_600), "hour");
    return ago.format(-Math.floor(seconds / 86_400), "day");
  },
} as const;
