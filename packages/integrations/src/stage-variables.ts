/** Puts in `${stageVariables.name}`; a missing one is the empty string (spec 04 §4.3). */
export function fillStageVariables(text: string, stageVariables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{stageVariables\.([^}]*)\}/g, (_, name: string) =>
    Object.hasOwn(stageVariables, name) ? (stageVariables[name] as string) : '',
  );
}
