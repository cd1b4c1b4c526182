/**
 * What XID errors mean and what to do, in our words, after NVIDIA's catalog ("Analyzing Xid Errors with the Xid
 * Catalog", docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html, read in 2026; its column "Resolution Bucket").
 * Pure.
 */

/**
 * `note`: a program's own fault, or the driver has dealt with it. `warning`: goes on, but look at it. `critical`: the
 * GPU, or what ran on it, cannot be trusted until somebody acts.
 */
export type XidSeverity = "note" | "warning" | "critical";

export interface XidMeaning {
  severity: XidSeverity;
  /** Follows the code: `79: …`. */
  meaning: string;
  /** What to do, as one sentence. */
  advice: string;
}

const reset =
  "Drain the host and reset the GPU with `nvidia-smi --gpu-reset`, or restart the host; if it comes back, ask the vendor.";
const own_program =
  "It is most often a fault of the program: look at the runtime's log, and update the runtime if it comes back.";
const hardware = "If it comes back, have the vendor look at the GPU.";

const meanings: Readonly<Record<number, readonly [XidSeverity, string, string]>> = {
  8: ["warning", "the GPU stopped processing", own_program],
  13: ["note", "a program did something illegal on the GPU", own_program],
  31: ["note", "a program touched GPU memory that it may not", own_program],
  32: ["warning", "a corrupted command reached the GPU", `${hardware} It is often the PCIe link.`],
  43: ["note", "a program was ended after its own fault; the GPU is well", own_program],
  45: [
    "note",
    "a program ended, on its own or because of another error",
    "Look for an XID before it.",
  ],
  46: ["critical", "the GPU stopped processing", reset],
  48: ["critical", "memory has an error that ECC cannot correct", reset],
  54: ["critical", "auxiliary power is not connected", "Check the GPU's power cables."],
  62: ["critical", "the GPU's micro-controller stopped", reset],
  63: [
    "warning",
    "broken memory was marked, to be replaced by spare rows",
    `Reset the GPU when it is idle. ${hardware}`,
  ],
  64: ["critical", "broken memory could not be replaced by spare rows", reset],
  69: ["note", "a program sent the GPU a wrong command", own_program],
  74: [
    "critical",
    "the NVLink to another GPU has an error",
    `${reset} \`nvidia-smi nvlink -e\` names the link.`,
  ],
  79: [
    "critical",
    "the GPU has fallen off the bus",
    "Restart the host; if it comes back, check seating, power and the PCIe link, and ask the vendor.",
  ],
  92: ["warning", "many single-bit memory errors, all corrected", hardware],
  94: [
    "warning",
    "a memory error was contained to one program, which has to start again",
    "Reset the GPU when it is idle.",
  ],
  95: ["critical", "a memory error was not contained: everything on the GPU is affected", reset],
  109: ["critical", "the GPU hung while it changed programs", reset],
  110: [
    "critical",
    "the GPU reports a security fault",
    "Switch the host off and on; if it comes back, ask the vendor.",
  ],
  119: ["critical", "the GPU's system processor (GSP) does not answer", reset],
  120: ["critical", "the GPU's system processor (GSP) has an error", reset],
  136: ["critical", "the training of an NVLink failed", reset],
  140: ["critical", "memory has an error that could not be isolated", reset],
  143: ["critical", "the GPU could not be initialised", reset],
  154: ["note", "the driver says which action an earlier error needs", "Do what its text says."],
  158: ["critical", "the GPU ran into a fatal timeout", reset],
};

export function meaningOf(code: number): XidMeaning {
  const known = meanings[code];
  if (known) {
    const [severity, meaning, advice] = known;
    return { severity, meaning, advice };
  }
  return {
    severity: "warning",
    meaning: "an error that this version does not know",
    advice: "Look the number up in NVIDIA's Xid catalog.",
  };
}
