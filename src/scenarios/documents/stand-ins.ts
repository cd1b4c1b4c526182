/**
 * What the words stand for that pages write where everybody has something else, in the sandbox. A line that has no
 * others is run as it stands.
 */
const stand_ins: readonly (readonly [RegExp, string])[] = [
  [/\blocalhost:8080\b/g, "localhost:$PORT"],
  [/\bgpu-1\b/g, "$(hypervize hosts list --json | field data.0.name)"],
  [/\bENDPOINT\b/g, "$(hypervize endpoints list --json | field data.-1.id)"],
  [/\bTOKEN\b/g, "$(hypervize hosts join-token --json | field token)"],
  [
    /\bFINGERPRINT\b/g,
    "$(hypervize bundle export - --model org/repo:Q4_K_M 2>&1 >/dev/null | sed -n 's/.*by the key \\([0-9a-f]*\\).*/\\1/p')",
  ],
];

export const withStandIns = (text: string): string =>
  stand_ins.reduce((before, [word, meaning]) => before.replaceAll(word, meaning), text);
