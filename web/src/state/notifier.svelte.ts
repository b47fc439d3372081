import { keepSetting, readSetting } from "../lib/kept-setting.js";
import { texts } from "../lib/texts.js";

const KEY = "notify";

/** Tells what has arrived while the person looks elsewhere, once they have switched that on. */
export class Notifier {
  /** Plain http pages and some browsers have none. */
  readonly isPossible = typeof Notification !== "undefined" && isSecureContext;
  #isOn = $state(false);
  #isDenied = $state(false);

  constructor() {
    this.#isOn = this.isPossible && readSetting(KEY) === "on" && Notification.permission === "granted";
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Asked for and refused: only the browser's settings can change that. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  async switch(isOn: boolean): Promise<void> {
    if (!this.isPossible) return;
    const permission = isOn ? await Notification.requestPermission() : Notification.permission;
    this.#isOn = isOn && permission === "granted";
    this.#isDenied = isOn && permission === "denied";
    keepSetting(KEY, this.#isOn ? "on" : "off");
  }

  /** Says that `name` is here, unless the page is in view. */
  tell(name: string): void {
    if (!this.#isOn || !document.hidden) return;
    try {
      new Notification(texts.announce.done(name), { body: texts.announce.notification, tag: name });
    } catch {
      // Browsers of phones let only service workers notify.
      this.#isOn = false;
    }
  }
}
