import { copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ensureProgram } from "../../support/programs.js";
import { freePort } from "../process/free-port.js";
import { MeasuredProcess } from "../process/measured-process.js";
import { repositoryPath } from "../repository.js";

const PAGES = repositoryPath("tests/bench/browser/pages");

/** nginx with the rivals' pages, WebTorrent's bundle, and the shared folder below `content/`. */
export interface RivalServer {
  readonly process: MeasuredProcess;
  readonly port: number;
}

/** `folder`: empty, for what the server needs; `shared`: the folder of the share. */
export async function startRivalServer(folder: string, shared: string): Promise<RivalServer> {
  const nginx = await ensureProgram("nginx", "nginx-light");
  const root = join(folder, "pages");
  await mkdir(root, { recursive: true });
  for (const name of await readdir(PAGES)) await copyFile(join(PAGES, name), join(root, name));
  await copyFile(bundlePath(), join(root, "webtorrent.min.js"));
  await symlink(shared, join(root, "content"));
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  await writeFile(file, configuration(folder, root, port));
  const process = new MeasuredProcess(nginx, ["-e", "stderr", "-p", folder, "-c", file]);
  await process.listens(port);
  return { process, port };
}

function bundlePath(): string {
  const main = createRequire(import.meta.url).resolve("webtorrent");
  return join(dirname(main), "dist/webtorrent.min.js");
}

/** One process, so that it can be measured as one; everything it writes goes to its own folder. */
function configuration(folder: string, root: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr; events {}`,
    `http { access_log off; sendfile on; tcp_nopush on; ${temporary.map((each) => `${each}_temp_path ${folder};`).join(" ")}`,
    `types { text/html html; text/javascript js; } default_type application/octet-stream;`,
    `server { listen 127.0.0.1:${port}; root "${root}"; } }`,
  ].join("\n");
}
