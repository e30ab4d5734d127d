// @ts-check
/** Thrown by a cell that cannot run on this machine: what is missing. With CI=true nothing may be missing. */
export class NotHere extends Error {}
