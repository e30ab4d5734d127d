// The app where a policy refuses WebAssembly: what it says, and that reshare/portable goes on.
import { usePortableBackend } from 'reshare/portable'
import { reportFrom } from './report.mjs'
import { runApp } from './app.mjs'

await reportFrom('page', async (options) => {
  const refused = await runApp(options).then(
    () => 'WebAssembly was not refused',
    (error) => error.cause?.code,
  )
  usePortableBackend()
  return { refused, ...(await runApp(options)) }
})
