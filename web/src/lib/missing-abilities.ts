import type { Abilities } from "../engine/messages.js";
import { texts } from "./texts.js";

/** What does not work because the page came over plain http, one sentence each; nothing on secure pages. */
export function missingAbilities(abilities: Abilities): readonly string[] {
  if (abilities.isSecure) return [];
  return [
    abilities.hasOpfs ? undefined : texts.notices.noOpfs,
    abilities.hasWebCrypto ? undefined : texts.notices.noCrypto,
    abilities.hasLocks ? undefined : texts.notices.noLocks,
    texts.notices.noPickers,
  ].filter((sentence) => sentence !== undefined);
}
