// @ts-check
// The client in a worker that Vite builds, started from a component of React.
import { builtBy, pageWith } from '../support/built.mjs'

const COMPONENT = `import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { reportFrom } from './story/report.mjs'

function inWorker(options) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data.result) : reject(new Error(data.error)))
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(options)
  })
}

function App() {
  const [ran, setRan] = useState(false)
  const run = () => (setRan(true), void reportFrom('worker', inWorker))
  return <p ref={() => void (ran || run())}>{ran ? 'started' : 'ready'}</p>
}

createRoot(document.getElementById('root')).render(<StrictMode><App /></StrictMode>)
`

const WORKER = `import { runApp } from './story/app.mjs'

onmessage = async ({ data }) => {
  const answer = await runApp(data).then((result) => ({ result }), (error) => ({ error: error.message }))
  postMessage(answer)
}
`

export const name = 'vite-react-worker'
export const what = 'Vite, React, a worker'
export const group = 'bundlers'
export const { version, run } = builtBy({
  name,
  package: 'vite',
  files: { 'index.html': pageWith('/app.jsx'), 'app.jsx': COMPONENT, 'worker.js': WORKER },
  build: (program) => program('vite/bin/vite.js', 'build'),
})
