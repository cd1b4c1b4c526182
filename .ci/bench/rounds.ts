/**
 * Runs WORK on all subjects in turn, and does it again, so that what else the machine does meets all of
 * them. Every round begins with another one.
 */
export async function rounds<Subject extends { name: string }, Result>(
  count: number,
  subjects: readonly Subject[],
  work: (subject: Subject, round: number) => Promise<Result>,
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < count; round++) {
    const turn = round % subjects.length;
    for (const subject of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
      results.get(subject.name)?.push(await work(subject, round));
    }
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export const rounded = (value: number, digits = 3): number => Number(value.toFixed(digits));
