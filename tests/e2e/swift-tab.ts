import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";

const CLOCK = fileURLToPath(new URL("../support/swift-clock.js", import.meta.url));

/** For the environment of a process whose clock is to be hurried by SIGUSR2. */
export const SWIFT_PROCESS = { NODE_OPTIONS: `--import ${CLOCK}` };

/** Gives the engines of a page that is about to be opened a clock that can be hurried. */
export async function makeSwift(page: Page): Promise<void> {
  const clock = await readFile(CLOCK, "utf8");
  // A worker that comes from here instead of from the hub counts as one from elsewhere.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const { "content-length": _length, ...headers } = response.headers();
    await route.fulfill({ response, headers, body: `{${clock}}\n${await response.text()}` });
  });
}

/** Makes the page's engine hurry, or stop hurrying; resolves to its time in milliseconds, as `hurry(page)` does alone. */
export async function hurry(page: Page, isHurrying?: boolean): Promise<number> {
  return await page.evaluate<number, boolean | null>((told) => {
    return new Promise((resolve) => {
      const channel = new BroadcastChannel("swift-clock");
      channel.onmessage = ({ data }: { readonly data: { readonly now: number } }) => {
        channel.close();
        resolve(data.now);
      };
      channel.postMessage(told === null ? {} : { isHurrying: told });
    });
  }, isHurrying ?? null);
}
