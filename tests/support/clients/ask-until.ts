/** How soon somebody is asked again who does not say by himself that something has changed; a hub takes 50 a second. */
const ASK_AGAIN_MS = 200;

/** A wait that lasts longer is a failure: nothing here should take half of it. */
const WAIT_LIMIT_MS = 60_000;

/** Asks until the answer is not undefined; rejects with what `explain` says when that takes a minute. */
export async function askUntil<T>(ask: () => Promise<T | undefined>, explain: () => string): Promise<T> {
  const from = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() - from > WAIT_LIMIT_MS) throw new Error(explain());
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
