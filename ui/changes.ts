/** What a person changed in a form. Only that is sent: all else stays as it is stored, whatever the form knows of it. */

/** The fields of AFTER that are otherwise than in BEFORE. */
export function differences<Body extends object>(before: Body, after: Body): Partial<Body> {
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof Body]),
  );
  return Object.fromEntries(changed) as Partial<Body>;
}

/** What READ makes of FORM that it did not make of the form as it was shown. */
export function changesIn<Body extends object>(
  form: HTMLFormElement,
  read: (form: FormData) => Body,
): Partial<Body> {
  // The browser knows what it has shown: the default of each field (HTML, "reset a form").
  const shown = form.cloneNode(true) as HTMLFormElement;
  shown.reset();
  return differences(read(new FormData(shown)), read(new FormData(form)));
}
