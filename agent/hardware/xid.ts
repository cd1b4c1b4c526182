/** XID errors in lines of the kernel log. Pure. */
import type { Gpu, XidError } from "../contract/protocol/messages.ts";
import type { KernelRecord } from "./kernel-log.ts";

/** A line of the NVIDIA driver, before it is known which GPU it means. */
export interface XidLine {
  at_ms: number;
  /** 0000:3b:00 */
  bus: string;
  code: number;
  text: string;
}

const text_chars = 300;

/**
 * `NVRM: Xid (PCI:0000:3b:00): 79, pid=4242, GPU has fallen off the bus.`: format of "Xid Errors",
 * docs.nvidia.com/deploy/xid-errors. Older drivers leave `PCI:` out, newer ones may add the function.
 */
export function parseXid({ at_ms, text }: KernelRecord): XidLine | undefined {
  const found =
    /NVRM: Xid \((?:PCI:)?([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})(?:\.\d)?\): (\d{1,5})(?:, ?(.*))?$/i.exec(
      text,
    );
  if (found === null) return undefined;
  const [, bus = "", code, rest = ""] = found;
  const said = rest.trim().slice(0, text_chars);
  return { at_ms, bus: bus.slice(-10).toLowerCase(), code: Number(code), text: said };
}

/** GPUs: all that were ever seen here, for one that has fallen off the bus is in no list any more. */
export function xidError({ bus, ...line }: XidLine, gpus: Iterable<Gpu>): XidError {
  const gpu = [...gpus].find(({ pci_bus_id }) => pci_bus_id === bus);
  const text = gpu ? line.text : `${bus} ${line.text}`.trim();
  return { ...line, gpu_uuid: gpu?.uuid ?? "", text };
}
