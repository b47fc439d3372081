import { describeConnection, type ConnectionPair } from "@shoal/peer-core/testing";
import { createTcpDialer } from "../../node-peer/src/net/tcp-dialer.js";
import { quietReal, untilReal } from "./real-time.js";
import { openTcpHost } from "./tcp-host.js";
import { openTcpTunnel } from "./tcp-tunnel.js";

async function tcpPair(): Promise<ConnectionPair> {
  const host = await openTcpHost();
  const tunnel = await openTcpTunnel(host.port);
  const a = await createTcpDialer().dial(`tcp://127.0.0.1:${tunnel.port}`, new AbortController().signal);
  await untilReal(() => host.accepted.length === 1);
  const [b] = host.accepted;
  if (b === undefined) throw new Error("Nobody was accepted");
  return {
    a,
    b,
    until: untilReal,
    quiet: quietReal,
    cut: () => tunnel.cut(),
    dispose: async () => {
      await tunnel.close();
      await host.close();
    },
  };
}

describeConnection("plain TCP", tcpPair, { carriesReason: false });
