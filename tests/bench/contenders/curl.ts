import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureProgram } from "../../support/programs.js";
import { freePort } from "../process/free-port.js";
import { MeasuredProcess } from "../process/measured-process.js";
import type { Contender, Download, Seeder, Share } from "./contender.js";
import { versionOf } from "./version-of.js";

/** curl from nginx: no hashing, no protocol of peers; the most that this machine's TCP and disk give one file. */
export class Curl implements Contender {
  readonly name = "curl from nginx (the limit)";
  readonly isOurs = false;
  readonly #folder: string;
  #nginx = "";
  #curl = "";

  /** `folder` receives what nginx wants to write. */
  constructor(folder: string) {
    this.#folder = join(folder, "nginx");
  }

  async open(): Promise<string> {
    this.#nginx = await ensureProgram("nginx", "nginx-light");
    this.#curl = await ensureProgram("curl", "curl");
    await mkdir(this.#folder, { recursive: true });
    const nginx = versionOf(this.#nginx, ["-v"], /nginx\/(\S+)/);
    return `curl ${versionOf(this.#curl, ["--version"], /curl (\S+)/)}, nginx ${nginx}`;
  }

  async seed(share: Share, place: number): Promise<Seeder> {
    const port = await freePort();
    const file = join(this.#folder, `${place}.conf`);
    await writeFile(file, configuration(this.#folder, share.folder, port));
    const process = new MeasuredProcess(this.#nginx, ["-e", "stderr", "-p", this.#folder, "-c", file]);
    await process.listens(port);
    return { process, port };
  }

  download(share: Share, seeders: readonly Seeder[], into: string): Download {
    const url = `http://127.0.0.1:${seeders[0]?.port ?? 0}/${share.name}`;
    const process = new MeasuredProcess(this.#curl, ["-q", "-sS", "--fail", "-o", join(into, share.name), url]);
    return { process, complete: process.succeed() };
  }

  async close(): Promise<void> {
    // Nothing outlives a run.
  }
}

/** One process, so that it can be measured as one; everything it writes goes to its own folder. */
function configuration(folder: string, root: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    `daemon off; master_process off; pid ${folder}/${port}.pid; error_log stderr; events {}`,
    `http { access_log off; sendfile on; tcp_nopush on; ${temporary.map((each) => `${each}_temp_path ${folder};`).join(" ")}`,
    `server { listen 127.0.0.1:${port}; root "${root}"; } }`,
  ].join("\n");
}
