export interface Variable {
  name: string;
  kind: 'text' | 'word' | 'count' | 'rate' | 'duration' | 'address' | 'addresses';
  /** Unset: the scenario or the profile says it, or there is none. */
  default?: string;
  meaning: string;
}

export const variables: Variable[];
