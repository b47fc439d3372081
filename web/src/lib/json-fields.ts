/** Thrown when an answer is not what the interface says it is. */
export class AnswerError extends Error {
  constructor(expected: string) {
    super(`Expected ${expected}`);
    this.name = "AnswerError";
  }
}

/** A parsed JSON object whose fields are read by type. Everything throws AnswerError when it is something else. */
export class JsonFields {
  readonly #fields: Map<string, unknown>;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new AnswerError("an object");
    this.#fields = new Map(Object.entries(value));
  }

  text(key: string): string {
    const value = this.#fields.get(key);
    if (typeof value !== "string") throw new AnswerError(`text in ${key}`);
    return value;
  }

  /** `undefined` for null and for what is not there. */
  optionalText(key: string): string | undefined {
    return (this.#fields.get(key) ?? null) === null ? undefined : this.text(key);
  }

  /** A whole number that is not negative. */
  count(key: string): number {
    const value = this.#fields.get(key);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
      throw new AnswerError(`a count in ${key}`);
    return value;
  }

  flag(key: string): boolean {
    const value = this.#fields.get(key);
    if (typeof value !== "boolean") throw new AnswerError(`true or false in ${key}`);
    return value;
  }

  list<T>(key: string, read: (item: unknown) => T): readonly T[] {
    const value: unknown = this.#fields.get(key);
    if (!Array.isArray(value)) throw new AnswerError(`a list in ${key}`);
    return value.map((item: unknown) => read(item));
  }
}

/** A list's item that is text. */
export function asText(value: unknown): string {
  if (typeof value !== "string") throw new AnswerError("text");
  return value;
}
