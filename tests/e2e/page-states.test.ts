import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestHub } from "../support/hub.js";
import { ProcessBed } from "../support/processes.js";
import { scenarioNames } from "./page-scenarios.js";
import { launchBrowser, openPage, type WatchedPage } from "./watched-page.js";

/** Set to keep what every state looks like, for people who want to see it. */
const PICTURES = process.env.SHOAL_PICTURES;

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

let bed: ProcessBed;
let server: Server;
let browser: Browser;
let watched: WatchedPage;
let base: string;

beforeAll(async () => {
  bed = await ProcessBed.open();
  const outDir = bed.path("gallery");
  const configFile = fileURLToPath(new URL("gallery/vite.config.ts", import.meta.url));
  await build({ configFile, logLevel: "warn", build: { outDir } });
  // The states are looked at under the very policy that a hub serves its page with.
  const hub = await TestHub.start(bed);
  const policy = (await fetch(hub.url)).headers.get("Content-Security-Policy") ?? "";
  server = await serve(outDir, policy);
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  browser = await launchBrowser();
  watched = await openPage(browser, `${base}?state=first-visit`, { reducedMotion: "reduce", viewport: WIDE });
});

afterAll(async () => {
  await watched.close();
  await browser.close();
  server.close();
  await bed.close();
});

describe.each(scenarioNames)("the state %s", (name) => {
  test("renders without complaint, passes axe in both themes, and fits a phone", async () => {
    const { page, complaints } = watched;
    await page.setViewportSize(WIDE);
    await page.goto(`${base}?state=${name}`);
    await page.locator("main").waitFor();
    await settle(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `${name}-1280-${colorScheme}`);
      expect(await violations(page, colorScheme === "dark"), colorScheme).toEqual([]);
    }
    await page.setViewportSize(NARROW);
    await picture(page, `${name}-390-dark`);
    await page.emulateMedia({ colorScheme: "light" });
    await picture(page, `${name}-390-light`);
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(overflow), "wider than a phone").toBe(0);
    expect(complaints).toEqual([]);
  });
});

/** What is asked for in a first moment has been answered, and what was clicked is there. */
async function settle(page: Page): Promise<void> {
  await page.waitForFunction("document.querySelector('main')?.childElementCount > 0");
  await page.waitForTimeout(450);
}

/** The second theme differs in its colours alone: nothing else of it is looked at again. */
async function violations(page: Page, coloursOnly: boolean): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations: found } = await (coloursOnly ? axe.withRules(["color-contrast"]) : axe).analyze();
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}

async function serve(folder: string, policy: string): Promise<Server> {
  const answering = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname === "/" ? "/index.html" : pathname;
    readFile(`${folder}${path}`).then(
      (content) => {
        const type = TYPES[extname(path)] ?? "application/octet-stream";
        response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": policy }).end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => answering.listen(0, "127.0.0.1", resolve));
  return answering;
}
