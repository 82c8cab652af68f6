/** Thrown while compiling `requestParameters` or `responseParameters`: the message names key, value and what may stand there. */
export class InvalidMappingError extends Error {
  constructor(
    readonly key: string,
    readonly value: string,
    detail: string,
  ) {
    super(`${key}: ${JSON.stringify(value)}: ${detail}`);
    this.name = 'InvalidMappingError';
  }
}

/** Thrown while compiling a JSONPath. */
export class InvalidJsonPathError extends Error {
  constructor(
    readonly path: string,
    /** Offset into the path, in UTF-16 units. */
    readonly position: number,
    detail: string,
  ) {
    super(`JSONPath ${JSON.stringify(path.slice(0, 100))}, position ${position}: ${detail}`);
    this.name = 'InvalidJsonPathError';
  }
}

/** Thrown while compiling a mapping template. */
export class InvalidTemplateError extends Error {
  constructor(
    readonly place: string,
    /** From 1. */
    readonly line: number,
    detail: string,
  ) {
    super(`template ${place}, line ${line}: ${detail}`);
    this.name = 'InvalidTemplateError';
  }
}
