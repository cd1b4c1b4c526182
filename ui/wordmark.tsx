/** The name, drawn: an H whose bar is a signal, then the word in one stroke width. */

const mark = "M3 4v18M17 4v18M3 15h3.2l2.6-5.4 2.8 8 1.7-2.6H17";
/** x-height 10 (y 10 to 20), ascender 4, descender 25. */
const letters = [
  "M26 4.5V20M26 14.5a4.3 4.3 0 0 1 8.6 0V20",
  "M38.6 10l4.4 9.8M47.4 10l-6.2 14.6",
  "M51.5 10v14.8M51.5 15a4.7 4.9 0 1 1 9.4 0a4.7 4.9 0 1 1-9.4 0",
  "M65 15h9a4.5 4.9 0 1 0-1.6 3.7",
  "M78.5 10v10M78.5 14.6q.2-4.4 4.8-4.4",
  "M86 10l4.3 9.8L94.6 10",
  "M98.6 10v10M98.6 5.6v.01",
  "M102.8 10.2h7.4L102.6 19.8h7.8",
  "M114 15h9a4.5 4.9 0 1 0-1.6 3.7",
].join("");

export function Wordmark() {
  return (
    <svg class="wordmark" viewBox="0 0 126 27" role="img" aria-label="Hypervize">
      <path class="wordmark-sign" d={mark} />
      <path class="wordmark-letters" d={letters} />
    </svg>
  );
}
