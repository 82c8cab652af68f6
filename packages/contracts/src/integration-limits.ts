/** Bounds of back ends, functions and mapping templates. "API" and "ours" as in `limits.ts`. */
export const integrationLimits = {
  /** Ours: TCP connections to one back-end origin, and requests waiting for one of them. */
  integrationConnectionsMax: 256,
  integrationWaitingMax: 10_000,
  /** Ours: interim (1xx) answers skipped before a back end's answer; more is a back end that plays for time. */
  integrationInterimAnswersMax: 16,
  /** Ours: how long a kept-alive connection to a back end stays unused when its answers name no `Keep-Alive: timeout`. Node
   * closes after 5 s: a second less, so that a request rarely meets a connection that is being closed. */
  integrationIdleMs: 4_000,
  /** Ours: a kept-alive connection that closes this soon after a request, without one byte, was closed before the request
   * came; the request goes out once more on a new connection. Later the back end may have worked on it. */
  integrationStaleCloseMs: 1_000,
  /** Ours: largest head of a request to a back end. Mapped headers and parameters may hold whole messages, which no server takes. */
  integrationRequestHeadBytesMax: 65_536,
  /** Ours: hosts named by requests (placeholders in the host of an integrationUri) that are kept at once. */
  integrationPassingHostsMax: 1_000,
  /** Ours: largest response head and body of a back end that is read. A larger body than a message may have can only
   * be dropped or end in an error, so reading stops there. */
  integrationHeadBytesMax: 65_536,
  integrationBodyBytesMax: 1_048_576,
  /** Ours: connections whose part of a Lambda event is kept as text; twice as many for a moment. */
  eventTextsCachedMax: 4_096,
  /** Ours: characters of a function's `errorMessage` that patterns of integration responses look at, and steps that one of these
   * patterns may need for each: time grows with their product, whatever the pattern and whoever chose the message. */
  errorMessageMatchedCharsMax: 4_096,
  errorPatternStatesMax: 512,
  /** Ours: characters of a back end's own explanation that go to the log. */
  backEndDetailCharsMax: 256,

  /** API: characters of one mapping template. */
  templateLengthMax: 32_768,
  /** API: text that one mapping template may yield. */
  templateOutputBytesMax: 307_200,
  /** API: turns of one #foreach; over it the template fails. */
  templateForeachTurnsMax: 1_000,
  /** Ours: directives and references that one rendering may run, loops within loops included: some ten milliseconds. */
  templateStepsMax: 200_000,
  /** Ours: macros, #define blocks and interpolated texts within one another, and blocks of a template within one another. */
  templateDepthMax: 32,
  /** Ours: characters of one text value, and of all that one rendering makes. Doubling a text in a loop ends here. */
  templateTextLengthMax: 1_048_576,
  templateTextTotalMax: 8_388_608,
  /** Ours: lists and maps within one another that are turned into text; a map put into itself ends here. */
  templateValueDepthMax: 256,
  /** Ours: steps of the regular expressions of one rendering, or of one JSONPath filter: a catastrophic pattern ends here. */
  templateRegexStepsMax: 2_000_000,
  /** Ours: instructions of one compiled regular expression; `{1000}` repeats what it stands behind. */
  templateRegexInstructionsMax: 4_096,
  /** Ours: nodes of a message that the JSONPaths of one rendering, or of one mapping, may visit. */
  jsonPathNodesMax: 500_000,
  /** Ours: characters of a JSONPath, and how many that templates make at run time are kept compiled. */
  jsonPathLengthMax: 2_048,
  jsonPathsKept: 256,
  /** Ours: regular expressions of templates that are kept compiled. */
  templatePatternsKept: 64,
};
