import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../bench/process/free-port.js";
import type { Certificate } from "./certificate.js";
import { ensureProgram } from "./programs.js";

/** The document that tells operators how to configure a proxy: what stands there is what is tested. */
const DOCUMENT = fileURLToPath(new URL("../../docs/operating.md", import.meta.url));

const START_LIMIT_MS = 20_000;

export type ProxyKind = "nginx" | "caddy";

export interface ProxyOptions {
  /** Made; the proxy writes nowhere else. */
  readonly folder: string;
  readonly hubPort: number;
  readonly certificate: Certificate;
}

/** Other people's server with TLS, before a hub and at a sub-path, configured as docs/operating.md says. */
export class ReverseProxy {
  /** Where the hub's page is, ending in "/". */
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(kind: ProxyKind, options: ProxyOptions): Promise<ReverseProxy> {
    await mkdir(options.folder, { recursive: true });
    const port = await freePort();
    const process = await (kind === "nginx" ? startNginx(options, port) : startCaddy(options, port));
    let said = "";
    process.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
    await listens(port, () => process.exitCode !== null).catch(() => {
      throw new Error(`${kind} does not listen: ${said}`);
    });
    return new ReverseProxy(process, `https://localhost:${port}/shoal/`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "close");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

async function startNginx({ folder, hubPort, certificate }: ProxyOptions, port: number): Promise<ChildProcess> {
  const server = filledIn("nginx", {
    "listen 443": `listen 127.0.0.1:${port}`,
    "server_name hub.example": "server_name localhost",
    "/etc/ssl/hub.example.pem": certificate.certificate,
    "/etc/ssl/hub.example.key": certificate.key,
    "127.0.0.1:8000": `127.0.0.1:${hubPort}`,
  });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder};`);
  const main = `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}`;
  const file = join(folder, "nginx.conf");
  await writeFile(file, `${main}\nhttp { access_log off; ${temporary.join(" ")}\n${server}\n}\n`);
  const nginx = await ensureProgram("nginx", "nginx-light");
  return spawn(nginx, ["-e", "stderr", "-p", folder, "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
}

async function startCaddy({ folder, hubPort, certificate }: ProxyOptions, port: number): Promise<ChildProcess> {
  const site = filledIn("caddyfile", {
    "hub.example {": `localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate.certificate} ${certificate.key}`,
    "127.0.0.1:8000": `127.0.0.1:${hubPort}`,
  });
  const file = join(folder, "Caddyfile");
  await writeFile(file, `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n${site}\n`);
  const caddy = await ensureProgram("caddy", "caddy");
  return spawn(caddy, ["run", "--adapter", "caddyfile", "--config", file], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
}

/** The one block of that language in the document, with this machine's names in it. */
function filledIn(language: string, names: Readonly<Record<string, string>>): string {
  const blocks = [...readFileSync(DOCUMENT, "utf8").matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  let text = blocks.find(([, name]) => name === language)?.[2] ?? "";
  for (const [name, own] of Object.entries(names)) {
    if (!text.includes(name)) throw new Error(`The block "${language}" of ${DOCUMENT} does not say "${name}"`);
    text = text.replaceAll(name, own);
  }
  return text;
}

/** Resolves when something listens; rejects when `hasEnded`, or after a while. */
async function listens(port: number, hasEnded: () => boolean): Promise<void> {
  const from = performance.now();
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (hasEnded() || performance.now() - from > START_LIMIT_MS) throw new Error("It does not listen");
    // Neither says when it listens.
    await pause(50);
  }
}
