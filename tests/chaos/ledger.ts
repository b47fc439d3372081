import type { Fault, FaultKind } from "./fault-plan.js";

/** A span of time in milliseconds since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What happened in a run, and what was wrong with it. */
export class Ledger {
  readonly violations: string[] = [];
  /** Faults that found something to break, with their time. */
  readonly hits: { readonly fault: Fault; readonly span: Span }[] = [];
  /** When those began that are not over yet. */
  readonly underWay = new Map<Fault, number>();
  /** Faults that found nothing: a download that has just ended has no record to tear. */
  readonly misses: Fault[] = [];
  /** When somebody was stopped and could notice nothing. */
  readonly stops: Span[] = [];
  /** Names of those whose disks are full. */
  readonly fullDisks = new Set<string>();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  say(line: string): void {
    this.#say(line);
  }

  complain(violation: string): void {
    this.violations.push(violation);
    this.#say(`WRONG: ${violation}`);
  }

  /** Whether a disk of that name is full, or was a moment ago. */
  isDiskFull(name: string): boolean {
    return this.fullDisks.has(name);
  }

  /** How many faults fell into a span, those that are under way among them. */
  hitsDuring({ fromMs, toMs }: Span): number {
    const over = this.hits.filter(({ span }) => span.fromMs <= toMs && span.toMs >= fromMs);
    const underWay = [...this.underWay.values()].filter((sinceMs) => sinceMs <= toMs);
    return over.length + underWay.length;
  }

  /** How much of a span somebody was stopped. */
  stoppedMsDuring({ fromMs, toMs }: Span): number {
    return this.stops.reduce((sum, span) => {
      return sum + Math.max(0, Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs));
    }, 0);
  }

  /** Hits by kind (rows) and role (columns), as lines of text. */
  table(): string {
    const roles = [...new Set(this.hits.map(({ fault }) => fault.role))].sort();
    const kinds = [...new Set(this.hits.map(({ fault }) => fault.kind))].sort();
    const count = (kind: FaultKind | undefined, role: string | undefined) =>
      this.hits.filter(({ fault }) => {
        return (kind === undefined || fault.kind === kind) && (role === undefined || fault.role === role);
      }).length;
    const row = (name: string, kind: FaultKind | undefined) => {
      const cells = [...roles, undefined].map((role) => String(count(kind, role)).padStart(12));
      return name.padEnd(14) + cells.join("");
    };
    const head = "".padEnd(14) + [...roles, "all"].map((role) => role.padStart(12)).join("");
    return [head, ...kinds.map((kind) => row(kind, kind)), row("all", undefined)].join("\n");
  }
}
