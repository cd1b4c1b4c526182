/** The words of this project: phrases that no text has, and former names that do not come back. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** Plain English instead: the right side says how. */
const phrases: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\btold as (?:such|that|one)\b/i, "reported"],
  [/\b(?:is|are) told once\b/i, "reported once"],
  [/\bshall\b/i, "will, is to, should"],
  [/\banew\b/i, "again"],
  [
    /\b(?:a|an|the|separate) [\w-]+ of (?:its|their|our|one's|your) own\b(?! [A-Z\w])/i,
    "its own X",
  ],
  [/\bof (?:one's|your) own\b/i, "self-hosted, your own X"],
  [/\bby (?:itself|themselves)\b/i, "automatically, on its own, or nothing"],
  [/\bfor so long\b/i, "for this long"],
  [/\bso long (?:it|as it)\b/i, "while"],
  [
    /\b(?:refused|said|explained|denied|ends|cause|means)\b,? (?:at once, )?in words\b/i,
    "with a reason",
  ],
  [/\bthe latter\b/i, "name it again"],
  [/\bNothing of it\b/, "say what is left of it"],
  [/\bin vain\b/i, "for nothing, without success"],
  [/\bstands? behind the verb\b/i, "follows the verb"],
  [/\bdoes not tell\b/i, "does not say"],
  [/\bgo(?:es)? on serving\b/i, "keeps serving"],
  [/\bthe (?:shared )?pool's? models?\b|\bmodels? of the (?:shared )?pool\b/i, "shared models"],
  [/\bthe (?:shared pool|Elastic catalog)\b/i, "the shared models"],
  [/\bElastic (?:models?|replicas?|catalog)\b/, "shared models, replicas of shared models"],
  [/\bFast wake\b/, "Sleep in place"],
];

/** Former names of things, as the identifiers that they were; each has the field's name now. */
const names =
  /\b(?:knocks?|knocked|rouse[ds]?|layDown|bedtimes?|bedded|bedding|[sS]lumbers?|isSlumber|[cC]rew|lookAround|tellAgain|crowdedOut|recite|DiskTrouble|knownTrouble|thrice|Parcel|Beginnings|Story|strays?|told_late|nudge|nudges)\b/;

/** The gateway's comments and names are not held to this yet. */
const later = /^src\/gateway\//;
const scanned = "{src,agent,ui}/**/*.{ts,tsx}";
const files = [...new Bun.Glob(scanned).scanSync(root), "install.sh"].filter(
  (file) => !later.test(file) && file !== "src/words.test.ts",
);
const texts = new Map(
  await Promise.all(
    files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const),
  ),
);

/** In one line: a comment or a text of JSX goes on behind the end of its line. */
const oneLine = (text: string): string => text.replace(/\s*\n\s*(?:\*(?!\/)|\/\/|#)?\s*/g, " ");

/** Where PATTERN is in the file, with some words around it. */
function found(pattern: RegExp): string[] {
  return [...texts].flatMap(([file, text]) => {
    const line = oneLine(text);
    return [...line.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(
      ({ index }) => `${file}: …${line.slice(Math.max(0, index - 40), index + 40)}…`,
    );
  });
}

test("files of all houses were read", () => {
  expect(files.length).toBeGreaterThan(900);
  for (const house of ["src/cli/", "src/control/", "agent/", "ui/"]) {
    expect(files.some((file) => file.startsWith(house))).toBe(true);
  }
  expect(found(/\bexport\b/).length).toBeGreaterThan(files.length);
});

test.each(phrases)("no text says %p", (phrase, instead) => {
  expect(found(phrase).map((place) => `${place} Write: ${instead}.`)).toEqual([]);
});

test("no former name of a thing comes back", () => {
  expect(found(names)).toEqual([]);
});
