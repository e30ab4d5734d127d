import { Wallet } from './wallet'

/** Rendered on the server. The wallet works in the browser alone. */
export default function Page() {
  return (
    <main>
      <h1>A wallet in Next.js</h1>
      <Wallet />
    </main>
  )
}
