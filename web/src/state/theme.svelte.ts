import { keepSetting, readSetting } from "../lib/kept-setting.js";

export const THEMES = ["system", "light", "dark"] as const;
export type ThemeName = (typeof THEMES)[number];

const KEY = "theme";

/** Light, dark or as the system is; kept for the next visit and shown by the `data-theme` of the page. */
export class Theme {
  #name = $state<ThemeName>("system");

  constructor() {
    this.#name = THEMES.find((name) => name === readSetting(KEY)) ?? "system";
    this.#show();
  }

  get name(): ThemeName {
    return this.#name;
  }

  choose(name: ThemeName): void {
    this.#name = name;
    keepSetting(KEY, name);
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.#name;
  }
}
