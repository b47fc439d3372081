import { counted } from "./counted.js";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** Texts of what stands on every page: its frame, settings and notices. */
export const pageTexts = {
  title: "Shoal",

  titleOf: (name: string) => `${name} · Shoal`,

  titleWithProgress: (percent: string, name: string) => `${percent} · ${name} · Shoal`,

  home: "Shoal, to the start",

  copy: "Copy",

  copyLink: "Copy link",

  copied: "Copied",

  copyFailed: "Select it and copy it by hand",

  retry: "Try again",

  undo: "Undo",

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

  notices: {
    plainHttp: "This page came over plain http",
    plainHttpText:
      "Browsers withhold from such pages what follows. Open it with https, or on the hub’s own machine as localhost.",
    noOpfs: "What you get is kept in the browser’s database, which is slower.",
    noCrypto: "Checking pieces is slower.",
    noLocks: "Two tabs may fetch the same file twice.",
    noPickers: "Notifications, saving straight to a folder and keeping the screen awake.",
    hubGone: "The hub does not answer",
    hubGoneText: (since: string) =>
      `Since ${since}. What goes between people directly goes on; new ones are not found.`,
    notLoaded: "A part of this page could not be loaded",
    notLoadedText:
      "Nothing can be shared or got here until it is there. The page goes on trying; if the hub was updated meanwhile, reload it.",
    reload: "Reload",
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

  timeLeft: {
    soon: "a few seconds left",
    seconds: (count: number) => `${count} s left`,
    minutes: (count: number) => `${count} min left`,
    hours: (hours: number, minutes: number) => (minutes === 0 ? `${hours} h left` : `${hours} h ${minutes} min left`),
    days: (count: number) => `${counted(count, "day", "days")} left`,
    long: "more than a month left",
  },

  /** "4 minutes ago", from seconds. */
  ago(seconds: number): string {
    if (seconds < 60) return "just now";
    if (seconds < 3_600) return relative.format(-Math.floor(seconds / 60), "minute");
    if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3_600), "hour");
    return relative.format(-Math.floor(seconds / 86_400), "day");
  },
} as const;
