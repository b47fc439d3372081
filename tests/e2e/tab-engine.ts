import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright";

/** The page's own types are those of a browser: here only what the tests look at. */
export interface ShownState {
  readonly shares: readonly {
    readonly id: string;
    readonly infoHash: string | undefined;
    readonly state: { readonly kind: string; readonly trouble?: { readonly code: string } };
    readonly uploaded: number;
  }[];
  readonly gets: readonly ShownGet[];
  readonly abilities: Readonly<Record<string, boolean>>;
  readonly hub: { readonly kind: string };
}

export interface ShownGet {
  readonly infoHash: string;
  readonly name: string | undefined;
  readonly size: number;
  readonly state: { readonly kind: string; readonly isHelping?: boolean; readonly trouble?: { readonly code: string } };
  readonly doneBytes: number;
  readonly chosenBytes: number;
  readonly verifiedPieces: number;
  readonly pieceCount: number;
  readonly peers: readonly { readonly kind: string; readonly downloaded: number }[];
  readonly why: { readonly kind: string } | undefined;
  readonly closing: { readonly kind: string };
}

const ASSETS = fileURLToPath(new URL("../../web/dist/assets/", import.meta.url));

/** Runs in the page: the worker, everything that it has told, and what was saved. */
const SCRIPT = `(url, base) => {
  const worker = new Worker(url, { type: "module" });
  const tab = (globalThis.tab = { worker, state: undefined, broken: undefined, told: 0, saved: new Map() });
  worker.onmessage = ({ data }) => {
    tab.told++;
    if (data.type === "state") tab.state = data.state;
    else if (data.type === "broken") tab.broken = data.message;
    else tab.saved.set(data.request, data);
  };
  worker.onerror = (event) => (tab.broken = event.message || "The worker did not load");
  worker.postMessage({ type: "start", base });
}`;

let requests = 0;

/** The engine's built worker, driven from a page of the hub that shows nothing. */
export class TabEngine {
  readonly page: Page;
  readonly #base: string;

  private constructor(page: Page, base: string) {
    this.page = page;
    this.#base = base;
  }

  /** Opens a tab at the hub whose page is at `base`, with its engine running. */
  static async open(context: BrowserContext, base: string): Promise<TabEngine> {
    const tab = new TabEngine(await context.newPage(), base);
    await tab.#start();
    return tab;
  }

  /** As a person reloads the page. */
  async reload(): Promise<void> {
    await this.#start();
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  async post(command: Readonly<Record<string, unknown>>): Promise<void> {
    await this.page.evaluate(`tab.worker.postMessage(${JSON.stringify(command)})`);
  }

  /** Picks files of this machine and shares them, in the order given. */
  async share(id: string, name: string, paths: readonly string[], type = "share"): Promise<void> {
    await this.page.evaluate(`document.body.innerHTML = '<input type="file" multiple>'`);
    await this.page.setInputFiles("input", [...paths]);
    await this.page.evaluate(`{
      const files = [...document.querySelector("input").files].map((file) => ({ path: [file.name], file }));
      const isFolder = ${paths.length > 1};
      const rest = ${JSON.stringify(type === "share" ? { id, name, isListed: true } : { infoHash: id })};
      tab.worker.postMessage({ type: ${JSON.stringify(type)}, ...rest, isFolder, files });
    }`);
  }

  async state(): Promise<ShownState> {
    return (await this.page.evaluate("tab.state")) as ShownState;
  }

  async get(infoHash: string): Promise<ShownGet | undefined> {
    return (await this.state()).gets.find((get) => get.infoHash === infoHash);
  }

  /** Resolves once the script says true of `get`, the get of that share. */
  async until(infoHash: string, condition: string): Promise<ShownGet> {
    await this.#wait(`tab.state?.gets.some((get) => get.infoHash === "${infoHash}" && (${condition}))`);
    return (await this.get(infoHash))!;
  }

  /** Resolves once the script says true of `share`. */
  async untilShare(id: string, condition: string): Promise<ShownState["shares"][number]> {
    await this.#wait(`tab.state?.shares.some((share) => share.id === "${id}" && (${condition}))`);
    return (await this.state()).shares.find((share) => share.id === id)!;
  }

  /** Saves what was got as the browser does with a download; resolves to the name and where it lies. */
  async save(infoHash: string): Promise<{ readonly name: string; readonly path: string }> {
    const request = ++requests;
    await this.post({ type: "save", infoHash, request });
    await this.#wait(`tab.saved.has(${request})`);
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.evaluate(`{
        const { name, blob } = tab.saved.get(${request});
        const link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = name;
        document.body.append(link);
        link.click();
      }`),
    ]);
    return { name: download.suggestedFilename(), path: await download.path() };
  }

  async #start(): Promise<void> {
    // Any answer of the hub makes a page of its origin.
    await this.page.goto(new URL("api/hub", this.#base).href);
    await this.page.evaluate(`(${SCRIPT})(${JSON.stringify(workerUrl(this.#base))}, ${JSON.stringify(this.#base)})`);
    await this.#wait("tab.state !== undefined");
  }

  async #wait(condition: string): Promise<void> {
    try {
      await this.page.waitForFunction(`tab.broken !== undefined || (${condition})`, undefined, { timeout: 60_000 });
    } catch (cause) {
      const shown = await this.page.evaluate("JSON.stringify(tab.state)");
      throw new Error(`The engine did not come to ${condition}: ${String(shown)}`, { cause });
    }
    const broken = await this.page.evaluate("tab.broken");
    if (broken !== undefined) throw new Error(`The engine broke: ${String(broken)}`);
  }
}

function workerUrl(base: string): string {
  const names = existsSync(ASSETS) ? readdirSync(ASSETS) : [];
  const name = names.find((each) => /^worker-.*\.js$/.test(each));
  if (name === undefined) throw new Error("The page's worker is not built: npm run build");
  return new URL(`assets/${name}`, base).href;
}
