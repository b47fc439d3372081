const whole = new Intl.NumberFormat("en");
const both = new Intl.ListFormat("en", { style: "long", type: "conjunction" });

/** "2,790". */
export function number(count: number): string {
  return whole.format(count);
}

/** `count` with the noun that fits it: "1 file", "2,790 files". */
export function counted(count: number, one: string, many: string): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

/** "a, b and c". */
export function listed(things: readonly string[]): string {
  return both.format(things);
}

/** "a, b and 2 others"; more than three are not worth reading. */
export function named(names: readonly string[]): string {
  const shown = names.length > 3 ? names.slice(0, 2) : names;
  const left = names.length - shown.length;
  return listed(left === 0 ? shown : [...shown, counted(left, "other", "others")]);
}
