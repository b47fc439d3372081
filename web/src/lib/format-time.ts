import { texts } from "./texts.js";

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
/** Of what takes longer nobody knows how long. */
const LONGEST_S = 30 * DAY_S;
/** Seconds are told in steps: a figure that changes all the time cannot be read. */
const STEP_S = 5;

/** How long something still takes, coarser the longer: "40 s left", "3 min left"; "" when nobody knows. */
export function formatTimeLeft(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < STEP_S) return texts.timeLeft.soon;
  if (seconds <= MINUTE_S - STEP_S) return texts.timeLeft.seconds(Math.ceil(seconds / STEP_S) * STEP_S);
  const minutes = Math.round(seconds / MINUTE_S);
  if (minutes < 60) return texts.timeLeft.minutes(Math.max(1, minutes));
  if (seconds < DAY_S) {
    const fives = Math.round(seconds / (5 * MINUTE_S)) * 5;
    return texts.timeLeft.hours(Math.floor(fives / 60), fives % 60);
  }
  return seconds > LONGEST_S ? texts.timeLeft.long : texts.timeLeft.days(Math.round(seconds / DAY_S));
}

/** Seconds that the rest takes at that rate; undefined when nothing moves. */
export function secondsLeft(restBytes: number, bytesPerSecond: number): number | undefined {
  return bytesPerSecond < 1 ? undefined : restBytes / bytesPerSecond;
}

const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** A moment as people name it, in their time zone: "18:00", "Friday 18:00", "3 Dec 18:00". */
export function formatMoment(ms: number, nowMs: number): string {
  const moment = new Date(ms);
  const time = moment.toLocaleTimeString("en-GB", clock);
  if (moment.toDateString() === new Date(nowMs).toDateString()) return time;
  const isWithinDays = Math.abs(ms - nowMs) < 6 * DAY_S * 1000;
  const day: Intl.DateTimeFormatOptions = isWithinDays ? { weekday: "long" } : { day: "numeric", month: "short" };
  return `${moment.toLocaleDateString("en-GB", day)} ${time}`;
}
