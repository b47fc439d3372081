import { ShoalError } from "@shoal/peer-core";
import type { Dialer } from "@shoal/peer-core/platform";

/** One dialer for the addresses of all: each goes to the first that can dial it. */
export function combineDialers(dialers: readonly Dialer[]): Dialer {
  const dialerOf = (address: string): Dialer | undefined => dialers.find((dialer) => dialer.canDial(address));
  return {
    canDial: (address) => dialerOf(address) !== undefined,
    dial: async (address, signal) => {
      const dialer = dialerOf(address);
      if (dialer === undefined) throw new ShoalError("connection", `Cannot dial ${address} from here`);
      return await dialer.dial(address, signal);
    },
  };
}
