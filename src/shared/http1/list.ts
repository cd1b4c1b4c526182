/** Lists in fields of a head. Pure. */
const comma = /[ \t]*,[ \t]*/;

/**
 * The elements of a field that is a list (RFC 9110 5.6.1), in lower case and without the empty ones; none when
 * there is no such field. VALUE has no blanks around it. For lists of tokens: a quoted string may hold a comma.
 */
export function elementsOf(value: string | null): readonly string[] {
  if (value === null) return none;
  // No `trim` here: for it a byte above ASCII is a blank too.
  return value
    .toLowerCase()
    .split(comma)
    .filter((element) => element !== "");
}

const none: readonly string[] = [];
