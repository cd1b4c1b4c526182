/** A share of something finite, as words and as a bar. */
interface MeterProps {
  label: string;
  /** What a person reads: "41.2 of 128 GiB". */
  text: string;
  /** 0 to 1; null when it is not known. */
  ratio: number | null;
  title?: string;
}

const full = 0.9;

export function Meter({ label, text, ratio, title }: MeterProps) {
  const share = Math.min(1, Math.max(0, ratio ?? 0));
  return (
    <div class="meter" {...(title && { title })}>
      <span class="meter-label">{label}</span>
      <span class="meter-text">{text}</span>
      <svg
        class={share >= full ? "bar full" : "bar"}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${text}`}
      >
        <rect class="bar-track" width="100" height="4" />
        <rect class="bar-fill" width={share * 100} height="4" />
      </svg>
    </div>
  );
}
