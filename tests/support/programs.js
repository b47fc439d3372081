import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** Other people's programs that the tests run, each with the Debian package that holds it. */
const PACKAGES = {
  aria2c: "aria2",
  caddy: "caddy",
  curl: "curl",
  ip: "iproute2",
  mktorrent: "mktorrent",
  nginx: "nginx-light",
  openssl: "openssl",
  "transmission-create": "transmission-cli",
  "transmission-daemon": "transmission-daemon",
};

const LIBTORRENT_PACKAGE = "python3-libtorrent";

/** Debian has the release with long support only. */
const FIREFOX_COMMANDS = ["firefox-esr", "firefox"];

/** Names under which Chromium is installed on systems of all kinds. */
const CHROMIUM_COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A package mirror that answers at all does so in this time; a machine without one must not hang for minutes. */
const APT_OPTIONS = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1", "-o", "DPkg::Lock::Timeout=120"];

const APT_LIMIT_MS = 300_000;

/** An import takes a fraction of a second. */
const PYTHON_LIMIT_MS = 20_000;

/** Where the download is reachable at all it takes some 10 s. */
const BROWSER_DOWNLOAD_LIMIT_MS = 30_000;

export async function ensureProgram(command, debianPackage) {
  const found = findCommand(command);
  if (found !== undefined) return found;
  const problem = await aptInstall([debianPackage]);
  const installed = findCommand(command);
  if (installed === undefined)
    throw new Error(`Needs the program ${command}: install the package ${debianPackage} (${problem})`);
  return installed;
}

export async function ensureChromium() {
  const found = findFirst(CHROMIUM_COMMANDS) ?? (await playwrightChromium());
  if (found !== undefined) return found;
  const aptProblem = await aptInstall(["chromium"]);
  const installed = findFirst(CHROMIUM_COMMANDS);
  if (installed !== undefined) return installed;
  const cli = join(dirname(createRequire(import.meta.url).resolve("playwright/package.json")), "cli.js");
  const download = await run(process.execPath, [cli, "install", "chromium"], BROWSER_DOWNLOAD_LIMIT_MS);
  const downloaded = await playwrightChromium();
  if (downloaded !== undefined) return downloaded;
  throw new Error(
    `Needs Chromium: install the package chromium (${aptProblem}; Playwright's download: ${download.lastLine})`,
  );
}

export async function ensureFirefox() {
  const found = findFirst(FIREFOX_COMMANDS);
  if (found !== undefined) return found;
  const problem = await aptInstall(["firefox-esr"]);
  const installed = findFirst(FIREFOX_COMMANDS);
  if (installed === undefined) throw new Error(`Needs Firefox: install the package firefox-esr (${problem})`);
  return installed;
}

export async function ensureLibtorrent() {
  const found = await pythonWithLibtorrent();
  if (found !== undefined) return found;
  const problem = await aptInstall([LIBTORRENT_PACKAGE]);
  const installed = await pythonWithLibtorrent();
  if (installed !== undefined) return installed;
  throw new Error(`Needs libtorrent for Python: install the package ${LIBTORRENT_PACKAGE} (${problem})`);
}

export async function ensureAllPrograms() {
  const missing = Object.entries(PACKAGES).filter(([command]) => findCommand(command) === undefined);
  const packages = missing.map(([, debianPackage]) => debianPackage);
  if ((await pythonWithLibtorrent()) === undefined) packages.push(LIBTORRENT_PACKAGE);
  if (findFirst(FIREFOX_COMMANDS) === undefined) packages.push("firefox-esr");
  // One call for all of them: reading the package lists takes longer than installing.
  if (packages.length > 1) await aptInstall(packages);
  const results = await Promise.allSettled([
    ...Object.entries(PACKAGES).map(([command, debianPackage]) => ensureProgram(command, debianPackage)),
    ensureLibtorrent(),
    ensureChromium(),
    ensureFirefox(),
  ]);
  return results.filter((result) => result.status === "rejected").map((result) => String(result.reason?.message));
}

function findFirst(commands) {
  return commands.map(findCommand).find((path) => path !== undefined);
}

/** Debian's Python comes first: one of the user's own, without Debian's packages, may stand before it in the path. */
async function pythonWithLibtorrent() {
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter)];
  const pythons = folders.map((folder) => join(folder, "python3")).filter(isExecutable);
  for (const python of new Set(pythons)) {
    if ((await run(python, ["-c", "import libtorrent"], PYTHON_LIMIT_MS)).code === 0) return python;
  }
  return undefined;
}

function findCommand(command) {
  // Servers stand where only root looks.
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function playwrightChromium() {
  const { chromium } = await import("playwright");
  const path = chromium.executablePath();
  return isExecutable(path) ? path : undefined;
}

/** Why the installation failed, or "installed"; lists are fetched only when what is known of them does not do. */
async function aptInstall(packages) {
  const install = [...APT_OPTIONS, "install", "-y", "--no-install-recommends", ...packages];
  const first = await aptGet(install);
  if (first.code === 0) return "installed";
  const update = await aptGet([...APT_OPTIONS, "update"]);
  if (update.code !== 0) return update.lastLine;
  const second = await aptGet(install);
  return second.code === 0 ? "installed" : second.lastLine;
}

/** One apt-get at a time on this machine: several test files may want programs at once. */
function aptGet(options) {
  const lock = join(tmpdir(), `shoal-apt-${process.getuid?.() ?? 0}.lock`);
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  // In runlevel 1 a server that is installed is not started: nobody asked for nginx on port 80.
  const environment = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "RUNLEVEL=1"];
  return run("flock", [lock, ...asRoot, ...environment, "apt-get", ...options], APT_LIMIT_MS);
}

/** Runs a command without input; resolves with its exit code and the last line it said, and never rejects. */
function run(command, args, timeoutMs) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let tail = "";
    const onOutput = (chunk) => (tail = (tail + chunk).slice(-2000));
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
    child.on("error", (error) => resolve({ code: -1, lastLine: error.message }));
    child.on("close", (code) => resolve({ code: code ?? -1, lastLine: tail.trim().split("\n").at(-1) ?? "" }));
  });
}
