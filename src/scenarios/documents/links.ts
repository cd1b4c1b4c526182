/** The links of a page of Markdown, and where its headings can be linked to. */

/** Code is no Markdown. */
const withoutCode = (page: string): string =>
  page.replace(/^(`{3,})[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");

/** Within the repository: not to the web, and not to a path of the appliance that serves the page. */
export const linksIn = (page: string): string[] =>
  [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^(?:[a-z]+:|\/api\/)/.test(link));

/** As GitHub makes them: lower case, hyphens for blanks, nothing else but letters, digits, - and _. */
export const anchorsIn = (page: string): ReadonlySet<string> =>
  new Set(
    [...page.replace(/^(`{3,})[\s\S]*?^\1/gm, "").matchAll(/^#{1,6} (.*)$/gm)].map(
      ([, text = ""]) =>
        text
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, "")
          .replaceAll(" ", "-"),
    ),
  );
