import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Connection, Dialer } from "../src/ports/connection.js";
import { ConnectionRecorder } from "./connection-recorder.js";

/** A dialer and places to dial. */
export interface DialerSetting {
  readonly dialer: Dialer;
  /** Where somebody accepts; each link comes out of `accepted`. */
  readonly address: string;
  readonly accepted: readonly Connection[];
  /** Where the machine answers and refuses. */
  readonly refusingAddress: string;
  /** Where nothing ever answers. */
  readonly silentAddress: string;
  /** Addresses of kinds that other dialers open. */
  readonly foreignAddresses: readonly string[];
  /** Waits for a dial while time runs, beyond the dialer's own limit if need be. */
  readonly settle: <T>(promise: Promise<T>) => Promise<T>;
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Lets everything happen that is on its way. */
  readonly quiet: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** Registers the tests that every `Dialer` passes: each sentence of the port. */
export function describeDialer(name: string, makeSetting: () => Promise<DialerSetting>): void {
  describe(`Dialer: ${name}`, () => {
    let setting: DialerSetting;
    beforeEach(async () => {
      setting = await makeSetting();
    });
    afterEach(() => setting.dispose());

    it("knows which kinds of address it can dial, whether or not anybody answers", () => {
      const { dialer, address, refusingAddress, silentAddress, foreignAddresses } = setting;
      for (const own of [address, refusingAddress, silentAddress]) expect(dialer.canDial(own), own).toBe(true);
      for (const other of [...foreignAddresses, "", "nonsense", "http://[", "ws:"])
        expect(dialer.canDial(other), other).toBe(false);
    });

    it("opens a link that works both ways", async () => {
      const { dialer, address, accepted, settle, until } = setting;
      const connection = await settle(dialer.dial(address, new AbortController().signal));
      await until(() => accepted.length === 1);
      const [near, far] = [new ConnectionRecorder(connection), ...accepted.map((end) => new ConnectionRecorder(end))];
      connection.send(new Uint8Array([1, 2, 3]));
      accepted[0]?.send(new Uint8Array([4, 5]));
      await until(() => near.length === 2 && far?.length === 3);
      expect([[...near.received], [...(far?.received ?? [])]]).toEqual([
        [4, 5],
        [1, 2, 3],
      ]);
      expect(connection.label).toContain(address);
      expect(connection.remoteAddress).toBeDefined();
      expect(accepted[0]?.remoteAddress).toBeDefined();
    });

    it("rejects with `connection` when the link is refused", async () => {
      const dial = setting.dialer.dial(setting.refusingAddress, new AbortController().signal);
      await expect(setting.settle(dial)).rejects.toMatchObject({ name: "ShoalError", code: "connection" });
    });

    it("rejects with `connection` when nobody answers in time", async () => {
      const dial = setting.dialer.dial(setting.silentAddress, new AbortController().signal);
      await expect(setting.settle(dial)).rejects.toMatchObject({ name: "ShoalError", code: "connection" });
    });

    it("rejects with `connection`, never throws, for an address of another kind", async () => {
      for (const address of [...setting.foreignAddresses, "nonsense"]) {
        const dial = setting.dialer.dial(address, new AbortController().signal);
        await expect(setting.settle(dial), address).rejects.toMatchObject({ name: "ShoalError", code: "connection" });
      }
    });

    it("rejects with `aborted` when the signal has fired, or fires first, and leaves no link", async () => {
      const { dialer, address, silentAddress, accepted, settle, quiet, until } = setting;
      const abort = new AbortController();
      const dials = [dialer.dial(silentAddress, abort.signal), dialer.dial(address, abort.signal)];
      const outcomes = Promise.allSettled(dials);
      abort.abort();
      const late = dialer.dial(address, abort.signal);
      await expect(settle(late)).rejects.toMatchObject({ name: "ShoalError", code: "aborted" });
      for (const outcome of await settle(outcomes)) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { name: "ShoalError", code: "aborted" } });
      }
      await quiet();
      const recorders = accepted.map((end) => new ConnectionRecorder(end));
      await until(() => recorders.every((recorder) => recorder.isClosed));
    });

    it("opens several links at once, each of its own", async () => {
      const { dialer, address, accepted, settle, until } = setting;
      const dials = Array.from({ length: 8 }, () => dialer.dial(address, new AbortController().signal));
      const connections = await settle(Promise.all(dials));
      await until(() => accepted.length === 8);
      const recorders = accepted.map((end) => new ConnectionRecorder(end));
      connections.forEach((connection, index) => connection.send(new Uint8Array(index + 1)));
      await until(() => recorders.every((recorder) => recorder.length > 0));
      expect(recorders.map((recorder) => recorder.length).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });
  });
}
