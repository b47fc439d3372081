/** Bytes `from` up to, not including, `until` of a file. */
export interface ByteRange {
  readonly from: number;
  readonly until: number;
}

/** A web server's answer to one range request, its body still to be read. */
export interface RangeAnswer {
  readonly status: number;
  /** A header by its lower-case name; undefined where it is absent. */
  header(name: string): string | undefined;
  /**
   * The next bytes of the body, cut anywhere, which belong to the caller; undefined at its end. Nothing is fetched far
   * ahead of it. Rejects when the link is lost or the request's signal fires.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Lets go of what has not been read; harmless after the end. */
  cancel(): void;
}

/** Web servers, as web seeds (BEP 19) need them. */
export interface RangeSource {
  /**
   * Asks for a range of the file at an http or https URL, without credentials and without compression; `range` is not
   * empty. Resolves with whatever the server answers, redirects included where the platform shows them. Rejects when
   * there is no answer or `signal` fires.
   */
  open(url: string, range: ByteRange, signal: AbortSignal): Promise<RangeAnswer>;
  /** True when the name of a host leads to this machine or its network, as far as the platform can tell; never rejects. */
  leadsHome(hostname: string): Promise<boolean>;
}
