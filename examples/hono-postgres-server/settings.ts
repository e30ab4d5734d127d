/** The value of an environment variable. @throws {Error} if it is missing */
export function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} must be set`)
  return value
}
