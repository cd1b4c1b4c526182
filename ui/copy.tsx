/** Text to be taken away: shown whole, with a button that copies it. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface CopyProps {
  /** Says what is copied: "Copy key". */
  label: string;
  text: string;
}

const shown_ms = 2_000;

/** Where the page is not served over HTTPS the clipboard is closed; then the text is selected instead. */
export function Copyable({ label, text }: CopyProps) {
  const box = useRef<HTMLPreElement>(null);
  const said = useSignal("");
  async function copy(): Promise<void> {
    const copied = await copyText(text, box.current);
    said.value = copied ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => {
      said.value = "";
    }, shown_ms);
  }
  return (
    <div class="copyable">
      <pre ref={box}>{text}</pre>
      <button type="button" class="small" onClick={() => void copy()}>
        <Icon name={said.value === "Copied" ? "check" : "copy"} />
        {said.value || label}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </div>
  );
}

async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return false;
  }
}
