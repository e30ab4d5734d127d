/** Bytes of the bodies of a two-party signature, without headers. */
export const HELLO = 160
export const EXTENSION = 16_432
export const PRODUCT = 73_792
export const OPENING = 65
export const CORRECTION = 130

/** Where fields begin: of the direct message of round 1, of round 2, of the direct message of round 3. */
export const U = 32
export const X = 14_368
export const T = 14_384
export const CHECK = 73_728
export const V = 73_760
export const GAMMA_X = 32
export const POINT_K = 64
export const POINT_X = 97
