/** What was typed cannot be meant: exit code 2. The message says what was given and what is expected. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
