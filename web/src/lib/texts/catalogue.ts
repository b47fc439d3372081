import { counted, number } from "./counted.js";

/** Texts of the hub: its list, its answers, and one share as it lists it. */
export const catalogueTexts = {
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
    details: "About this share",
    infoHash: "Info-hash",
    pieces: "Pieces",
    piecesOf: (count: number, length: string) => `${number(count)} of ${length}`,
    added: "Added",
    listing: "Listing",
    listed: "Anyone on this hub can find it",
    unlisted: "Only with the link",
    privateFlag: "Peers come from this tracker alone (private flag)",
  },

  files: (count: number) => counted(count, "file", "files"),

  seeders: (count: number) => counted(count, "seeder", "seeders"),

  getting: (count: number) => `${number(count)} getting it`,

  nobody: "nobody online",

  added: (since: string) => `added ${since}`,

  haveAll: (count: number) => (count === 1 ? "1 source has all of it." : `${number(count)} sources have all of it.`),

  areGetting: (count: number) => (count === 1 ? "1 is getting it." : `${number(count)} are getting it.`),

  nobodyHasAll: (since: string) => `Nobody who has all of it is online. Last seen ${since}.`,

  nobodyHasAllNow: "Nobody who has all of it is online.",
} as const;
