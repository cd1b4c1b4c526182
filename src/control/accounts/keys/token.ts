/**
 * The API key as text: `hv_`, 32 random bytes in base62, and a CRC32 of all that in base62, so that a
 * mistyped key is refused without a look-up and secret scanners can tell a key from noise
 * (github.blog/engineering/behind-githubs-new-authentication-token-formats).
 */
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const brand = "hv_";
const checksum_start = brand.length + 43;
const checksum_length = 6;
const no_digit = 255;

const values = new Uint8Array(128).fill(no_digit);
for (const [value, digit] of [...digits].entries()) values[digit.charCodeAt(0)] = value;

export function newToken(random = crypto.getRandomValues(new Uint8Array(32))): string {
  const text = brand + base62(BigInt(`0x${random.toHex()}`), 43);
  return text + base62(BigInt(Bun.hash.crc32(text)), checksum_length);
}

/** True when TEXT has a key's length, brand and checksum; it may still be unknown. */
export function looksLikeToken(text: string): boolean {
  if (text.length !== checksum_start + checksum_length || !text.startsWith(brand)) return false;
  return checksumAt(text, checksum_start) === Bun.hash.crc32(text.slice(0, checksum_start));
}

/** What may be shown of a key: enough to tell two apart, far too little to use one. */
export function shownParts(token: string): { prefix: string; last4: string } {
  return { prefix: token.slice(0, brand.length + 7), last4: token.slice(-4) };
}

function base62(number: bigint, length: number): string {
  let text = "";
  for (let rest = number; rest > 0n; rest /= 62n) text = digits[Number(rest % 62n)] + text;
  return text.padStart(length, "0");
}

function checksumAt(text: string, start: number): number {
  let number = 0;
  for (let position = start; position < text.length; position++) {
    const value = values[text.charCodeAt(position)] ?? no_digit;
    if (value === no_digit) return -1;
    number = number * 62 + value;
  }
  return number;
}
