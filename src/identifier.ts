const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** LENGTH random base62 characters (5.95 bits each). Bytes over 247 are drawn again, so no character is likelier. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  }
  return text;
}

/** A new id such as `key_4Kq…`: a prefix for people and 119 random bits. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBase62(20)}`;
}
