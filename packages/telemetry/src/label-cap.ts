/** What a label says of everything beyond the cap. */
export const otherLabel = 'other';

/**
 * Bounds the series of a process: the first APIs, and the first stages of all APIs, are told apart; those that a reload brings
 * beyond that are counted together as `other`. Who has a name keeps it, so that no counter changes its meaning.
 */
export class LabelCap {
  private readonly apis = new Set<string>();
  private readonly stages = new Set<string>();

  constructor(
    private readonly apisMax: number,
    private readonly stagesMax: number,
  ) {}

  /** The values of these labels as they may be shown; the same array where all of them fit. */
  fit(names: readonly string[], values: readonly string[]): readonly string[] {
    const apiAt = names.indexOf('api');
    if (apiAt === -1) return values;
    const stageAt = names.indexOf('stage');
    const api = take(this.apis, values[apiAt] as string, this.apisMax);
    if (stageAt === -1) return api ? values : values.with(apiAt, otherLabel);
    if (!api) return values.with(apiAt, otherLabel).with(stageAt, otherLabel);
    const stage = take(this.stages, `${values[apiAt]}/${values[stageAt]}`, this.stagesMax);
    return stage ? values : values.with(stageAt, otherLabel);
  }
}

function take(known: Set<string>, name: string, max: number): boolean {
  if (known.has(name)) return true;
  if (known.size >= max) return false;
  known.add(name);
  return true;
}
