/** The screens of a device that has a wallet, each with its name and the outline of its icon. */
const SCREENS = {
  wallet: ['Wallet', 'M3 7h15a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V7Zm0 0a3 3 0 0 1 3-3h10M16 13.5h1'],
  sign: ['Sign', 'M4 20h16M5 16l1-4L16 2l4 4-10 10-5 0Z'],
  backup: ['Backup', 'M7 18a4 4 0 0 1-.6-8A6 6 0 0 1 18 9.500a4.500 4.500 0 0 1-1 8.500M12 21v-9m-3 3 3-3 3 3'],
  devices: ['Devices', 'M4 5h12v9H4zM2 18h11M17 9h5v11h-5z'],
  safety: ['Safety', 'M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6l8-3Zm-3 9 2 2 4-4'],
} as const

export type ScreenName = keyof typeof SCREENS

interface NavigationProps {
  readonly screen: ScreenName
  readonly onOpen: (screen: ScreenName) => void
}

export function Navigation({ screen, onOpen }: NavigationProps) {
  return (
    <nav class="navigation" aria-label="Screens">
      {(Object.keys(SCREENS) as ScreenName[]).map((name) => {
        const [label, outline] = SCREENS[name]
        return (
          <button
            key={name}
            type="button"
            aria-current={name === screen ? 'page' : undefined}
            onClick={() => onOpen(name)}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d={outline} />
            </svg>
            {label}
          </button>
        )
      })}
    </nav>
  )
}
