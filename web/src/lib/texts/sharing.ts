import { counted, named, number } from "./counted.js";

/** Texts of adding files, sharing them, and whether the tab may be closed. */
export const sharingTexts = {
  add: {
    heading: "Drop files or folders here",
    headingTouch: "Share files or a folder",
    chooseFiles: "Choose files",
    chooseFolder: "Choose a folder",
    stay: "They stay on your device until somebody gets them.",
    visibility: "Who can find it",
    listed: "Anyone on this hub",
    /** Left out where there is no room. */
    listedMore: " can find it",
    unlisted: "Only with the link",
    drop: "Drop to share",
    dropListed: "Anyone on this hub will be able to find it.",
    dropUnlisted: "Only who has the link will be able to get it.",
    reading: (count: number) => (count === 0 ? "Reading…" : `Reading… ${counted(count, "file", "files")} so far`),
    nothing: "There is no file in it. Empty folders cannot be shared.",
    tooMany: (limit: number) => `That is more than ${number(limit)} files. Share a part of the folder, or a ZIP of it.`,
    unreadable: "The browser could not read all of it. Look whether you may open it, then drop it again.",
    /** The folder that several picked files come in. */
    severalName: (first: string, others: number) => `${first} and ${others} more`,
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
        leeches > 0 ? (leeches === 1 ? "1 person is getting it" : `${number(leeches)} people are getting it`) : "",
        seeds > 0 ? (seeds === 1 ? "1 more source has all of it" : `${number(seeds)} more sources have all of it`) : "",
      ]
        .filter((part) => part !== "")
        .join(" · "),
    up: (rate: string) => `↑ ${rate}`,
    lost: (pieces: number) =>
      `${counted(pieces, "piece is", "pieces are")} not what was shared any more, and not given: the file was written to, or its disk is failing. Look at it, and share it again.`,
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
    needed: "Keep this tab open: nobody who stays has all of it yet.",
    safeUntil: (by: readonly string[], moment: string) =>
      `You can close this tab: kept by ${named(by)} until ${moment}.`,
    safe: (by: readonly string[]) =>
      by.length === 0
        ? "You can close this tab: others have all of it."
        : `You can close this tab: ${named(by)} ${by.length === 1 ? "has" : "have"} all of it.`,
  },
} as const;
