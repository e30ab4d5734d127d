// Planted leaks, which test/constant-time must find. Built by the tests, never shipped.
const TABLE: usize = memory.data(256, 16)
export const SECRET: usize = memory.data(32, 16)

export function secretIndex(): u32 {
  return load<u8>(TABLE + load<u8>(SECRET))
}

export function secretBranch(): u32 {
  let sum: u32 = 0
  if (load<u8>(SECRET) & 1) for (let i: usize = 0; i < 256; i++) sum += load<u8>(TABLE + i)
  return sum
}

export function secretSelect(): u32 {
  return load<u8>(SECRET) & 1 ? load<u32>(TABLE) : load<u32>(TABLE, 4)
}

export function secretDivision(): u32 {
  return 0x7fffffff / (<u32>load<u8>(SECRET) + 1)
}

export function secretLength(): void {
  memory.fill(TABLE, 1, load<u8>(SECRET))
}

export function earlyExit(): u32 {
  let i: usize = 0
  while (i < 32 && load<u8>(SECRET + i) == 0) i++
  return <u32>i
}

/** No leak: a mask. */
export function masked(): u32 {
  const mask = -(<i32>(load<u8>(SECRET) & 1))
  return (load<u32>(TABLE) & mask) | (load<u32>(TABLE, 4) & ~mask)
}
