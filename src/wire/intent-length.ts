/** The longest intent, in bytes, encoded. */
export const INTENT_MAX_LENGTH = 96 * 1024
