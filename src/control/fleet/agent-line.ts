/** One agent's stream, as the hosts use it: what is sent in which order, and with which code it ends. */
import { Metadata, status } from "@grpc/grpc-js";
import {
  type Command,
  type ReportStream,
  removed_header,
} from "../../../agent/contract/protocol/messages.ts";
import type { Durable } from "../storage/durable.ts";
import type { AgentStream, Ending } from "./presence.ts";

const codes: Readonly<Record<Ending, status>> = {
  removed: status.UNAUTHENTICATED,
  replaced: status.ABORTED,
  senseless: status.INVALID_ARGUMENT,
  fault: status.UNAVAILABLE,
};

export const unkept =
  "The control plane cannot write to its disk. Look at the disk there, and try again.";

/**
 * A desired set waits for the disk, since after a power cut an older one would be refused; what is sent after it stays
 * behind it. All else goes at once.
 */
export function lineOf(
  stream: ReportStream,
  durable: Durable,
  log: (line: string) => void,
): AgentStream {
  let before: Promise<void> | undefined;
  const write = (command: Command): void => {
    if (!stream.cancelled && !stream.writableEnded) stream.write(command);
  };
  const inTurn = async (command: Command, earlier: Promise<void> | undefined): Promise<void> => {
    await earlier;
    if ("desired" in command) await durable();
    write(command);
  };
  const close: AgentStream["close"] = (ending, details, keep_runtimes = null) => {
    const metadata = new Metadata();
    if (keep_runtimes !== null) {
      metadata.set(removed_header, keep_runtimes ? "keep-runtimes" : "end-runtimes");
    }
    stream.emit("error", { code: codes[ending], details, metadata });
  };
  return {
    remote_address: addressIn(stream.getPeer()),
    send(command) {
      if (!before && !("desired" in command)) {
        write(command);
        return;
      }
      const sent = inTurn(command, before).catch((error: unknown) => {
        log(`fleet: ${unkept} (${String(error)})`);
        // It dials again, and is then told all of it.
        close("fault", unkept);
      });
      before = sent;
      void sent.then(() => {
        if (before === sent) before = undefined;
      });
    },
    close,
  };
}

/** Of a peer as grpc-js writes it, "address:port". */
const addressIn = (peer: string): string =>
  peer
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .replace(/^::ffff:/, "");
