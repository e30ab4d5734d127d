import { cdp } from 'vitest/browser'

interface DevTools {
  send(method: string, parameters: object): Promise<Record<string, unknown>>
}

/** A device that holds passkeys, whose user always agrees. Chromium alone can simulate one. */
export interface Authenticator {
  remove(): Promise<unknown>
  /** Whether its user passes user verification, and whether it can ask for it at all. */
  verifies(isVerified: boolean): Promise<unknown>
  /** Whether its user agrees without being asked. If not, a prompt waits. */
  agrees(enabled: boolean): Promise<unknown>
  /** Deletes all its passkeys, as a user does in the settings. */
  clear(): Promise<unknown>
}

/** @param options of the Chrome DevTools Protocol, beside those of a phone or laptop with PRF */
export async function authenticator(options: Record<string, unknown> = {}): Promise<Authenticator> {
  const tools = cdp() as unknown as DevTools
  await tools.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      hasPrf: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  })
  const send = (method: string, parameters: object = {}) =>
    tools.send(`WebAuthn.${method}`, { authenticatorId, ...parameters })
  return {
    remove: () => send('removeVirtualAuthenticator'),
    verifies: (isUserVerified) => send('setUserVerified', { isUserVerified }),
    agrees: (enabled) => send('setAutomaticPresenceSimulation', { enabled }),
    clear: () => send('clearCredentials'),
  }
}
