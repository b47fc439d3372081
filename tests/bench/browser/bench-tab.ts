import type { DevTools, Fields } from "./dev-tools.js";

/** A tab of a measured browser, driven by scripts in its page. */
export class BenchTab {
  readonly #tools: DevTools;
  readonly #session: string;

  private constructor(tools: DevTools, session: string) {
    this.#tools = tools;
    this.#session = session;
  }

  /** Opens a tab in a window of its own, so that it is visible like the others; resolves when its page has loaded. */
  static async open(tools: DevTools, url: string): Promise<BenchTab> {
    const { targetId } = await tools.send("Target.createTarget", { url: "about:blank", newWindow: true });
    const { sessionId } = await tools.send("Target.attachToTarget", { targetId, flatten: true });
    const tab = new BenchTab(tools, sessionId as string);
    await tab.go(url);
    return tab;
  }

  /** Opens an address; resolves when the page has loaded. */
  async go(url: string): Promise<void> {
    const { errorText } = await this.#send("Page.navigate", { url });
    if (errorText !== undefined) throw new Error(`${url}: ${JSON.stringify(errorText)}`);
    await this.evaluate(
      `new Promise((resolve) => document.readyState === "complete" ? resolve() : addEventListener("load", resolve))`,
    );
  }

  /** The value of an expression in the page, a promise's once it is settled; rejects with what it throws. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`In the page: ${JSON.stringify(exceptionDetails)}`);
    return (result as { readonly value: T }).value;
  }

  /** Resolves once an element matches, looked for whenever the page changes. */
  async shows(selector: string): Promise<void> {
    await this.evaluate(`new Promise((resolve) => {
      const look = () => {
        if (document.querySelector(${JSON.stringify(selector)}) === null) return;
        changes.disconnect();
        resolve();
      };
      const changes = new MutationObserver(look);
      changes.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    })`);
  }

  async click(selector: string): Promise<void> {
    await this.shows(selector);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async textOf(selector: string): Promise<string> {
    await this.shows(selector);
    return await this.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).textContent.trim()`);
  }

  /** Gives a file input a file of this machine, as a person picks it. */
  async pick(selector: string, path: string): Promise<void> {
    await this.shows(selector);
    const expression = `document.querySelector(${JSON.stringify(selector)})`;
    const { result } = await this.#send("Runtime.evaluate", { expression });
    const { objectId } = result as { readonly objectId: string };
    await this.#send("DOM.setFileInputFiles", { files: [path], objectId });
  }

  async #send(method: string, params: Fields): Promise<Fields> {
    return await this.#tools.send(method, params, this.#session);
  }
}
