/** Close codes that get a count of their own in the summary; k6 keeps a tagged count only where a threshold asks for it. */
export const closeCodes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011];
