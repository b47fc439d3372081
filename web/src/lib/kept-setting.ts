/** Settings of this page are kept under that name; another page of the same origin has its own. */
const PREFIX = "shoal-";

/** What was kept under `key`; undefined when nothing was, or the browser keeps nothing for pages. */
export function readSetting(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps `value` for the next visit where the browser allows it. */
export function keepSetting(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Forbidden or full: the setting lasts as long as the page.
  }
}
