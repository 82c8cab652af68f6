/** One `@connections` request, free of the HTTP server that took it. */
export interface ManagementRequest {
  method: string;
  /** Path exactly as received, without the query: signatures are computed over these bytes (spec 09 §9.1). */
  rawPath: string;
  queryString: string;
  host: string;
  /** Lower-case names, in order and with repetition. */
  headers: [name: string, value: string][];
  body: Uint8Array;
}

export interface ManagementResponse {
  status: number;
  headers: [name: string, value: string][];
  body: string;
}
