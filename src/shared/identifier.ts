const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Drawn in advance: asking for a few bytes costs as much as asking for a page of them. */
const random = new Uint8Array(4096);
let drawn = random.length;

/** LENGTH random base62 characters (5.95 bits each). Bytes over 247 are passed over, so no character is likelier. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    if (drawn === random.length) {
      crypto.getRandomValues(random);
      drawn = 0;
    }
    const byte = random[drawn] as number;
    random[drawn++] = 0;
    if (byte < 248) text += alphabet[byte % 62];
  }
  return text;
}

/** A new id such as `key_4Kq…`: a prefix for people and 119 random bits. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBase62(20)}`;
}

/**
 * The id of a request, `req_...`: its first 8 characters grow with the time, NOW in milliseconds, so that
 * rows of one time lie together in the index of the usage table. With random ids the same rows cost three
 * times as much to write. 71 random bits remain.
 */
export function newRequestId(now: number): string {
  if (now !== stamped_at) {
    stamped_at = now;
    stamp = "";
    for (let rest = now; stamp.length < 8; rest = Math.floor(rest / 62)) {
      stamp = alphabet[rest % 62] + stamp;
    }
  }
  return `req_${stamp}${randomBase62(12)}`;
}

let stamped_at = -1;
let stamp = "";
