/** Reads a message as a mail program does (RFC 5322, 2045 to 2047), as far as ours go. */

export interface Arrived {
  /** Lower-case names, unfolded and decoded. */
  headers: Readonly<Record<string, string>>;
  /** Decoded bodies by media type, in their order. */
  parts: readonly { type: string; text: string }[];
}

export function readMessage(raw: string): Arrived {
  const { headers, body } = split(raw);
  const boundary = headers["content-type"]?.match(/boundary="([^"]+)"/)?.[1];
  if (boundary === undefined) return { headers, parts: [partOf(raw)] };
  const pieces = body.split(`--${boundary}`).slice(1, -1);
  return { headers, parts: pieces.map((piece) => partOf(piece.replace(/^\r\n/, ""))) };
}

function partOf(raw: string): { type: string; text: string } {
  const { headers, body } = split(raw);
  const encoding = headers["content-transfer-encoding"] ?? "7bit";
  return {
    type: headers["content-type"]?.split(";")[0] ?? "",
    text: decoded(body.replace(/\r\n$/, ""), encoding).replaceAll("\r\n", "\n"),
  };
}

function split(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf("\r\n\r\n");
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), words(line.slice(colon + 1).trim())];
  });
  return { headers: Object.fromEntries(headers), body: raw.slice(end + 4) };
}

/** RFC 2047's encoded words; the space between two of them is not part of the text. */
function words(value: string): string {
  return value
    .replace(/\?= =\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === "b"
        ? decoded(text, "base64")
        : decoded(text.replaceAll("_", " "), "quoted-printable"),
    );
}

function decoded(text: string, encoding: string): string {
  if (encoding === "base64") return Buffer.from(text, "base64").toString("utf8");
  if (encoding !== "quoted-printable") return text;
  const bytes = text
    .replace(/=\r\n/g, "")
    .replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
