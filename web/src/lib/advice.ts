import { displayName } from "@shoal/peer-core/torrent";
import type { ClosingAdvice } from "../engine/messages.js";
import { formatMoment } from "./format-time.js";
import { texts } from "./texts.js";

/** May this tab be closed, in one sentence. */
export function adviceSentence(closing: ClosingAdvice, nowMs: number): string {
  if (closing.kind === "needed") return texts.advice.needed;
  const by = closing.by.map(displayName);
  return closing.untilMs === undefined || by.length === 0
    ? texts.advice.safe(by)
    : texts.advice.safeUntil(by, formatMoment(closing.untilMs, nowMs));
}
