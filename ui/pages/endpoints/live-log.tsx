/** The log of all replicas as it is written; the last thousand lines are kept. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { openLogs } from "../../dedicated-api.ts";

const lines_max = 1000;

export function LiveLog({ id }: { id: string }) {
  const lines = useSignal<readonly string[]>([]);
  const following = useSignal(false);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (!following.value) return undefined;
    const source = openLogs(id);
    lines.value = [];
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const { replica, line } = JSON.parse(data) as { replica: string; line: string };
      lines.value = [...lines.value, `${replica.slice(-6)}  ${line}`].slice(-lines_max);
    };
    return () => source.close();
  }, [id, following.value]);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.value]);
  return (
    <>
      <button
        type="button"
        class="small"
        aria-pressed={following.value}
        onClick={() => (following.value = !following.value)}
      >
        {following.value ? "Stop" : "Follow the log"}
      </button>
      {(following.value || lines.value.length > 0) && (
        <pre class="log-lines" ref={box}>
          {lines.value.join("\n") || "Nothing was written yet."}
        </pre>
      )}
    </>
  );
}
