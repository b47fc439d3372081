/** The path of a command, installed with apt-get when it is missing; rejects with what to install when that fails. */
export function ensureProgram(command: string, debianPackage: string): Promise<string>;

/** The path of a Python that has libtorrent, Debian's package installed when none has; rejects when that fails. */
export function ensureLibtorrent(): Promise<string>;

/** The path of Chromium: the system's, else one that Playwright has, else Debian's package, else Playwright's download; rejects when none can be had. */
export function ensureChromium(): Promise<string>;

/** The path of Firefox: the system's, else Debian's package; rejects when that cannot be had. */
export function ensureFirefox(): Promise<string>;

/** Installs every program that a test needs; resolves with one sentence for each that cannot be had. */
export function ensureAllPrograms(): Promise<string[]>;
