import { useEffect, useRef, useState } from 'preact/hooks'
import { Field } from './field.tsx'

interface CodeScannerProps {
  readonly code: string
  readonly onCode: (code: string) => void
}

/** A code from a picture, from the camera, or pasted. */
export function CodeScanner({ code, onCode }: CodeScannerProps) {
  const [isFilming, setFilming] = useState(false)
  const [problem, setProblem] = useState('')

  async function readPicture(file: File): Promise<void> {
    setProblem('')
    try {
      onCode(await decode(await createImageBitmap(file)))
    } catch {
      setProblem('There is no code in this picture. Take all of the code, straight and sharp.')
    }
  }

  return (
    <>
      <div class="field">
        <label for="picture">Picture of the code</label>
        <input
          id="picture"
          type="file"
          accept="image/*"
          onChange={({ currentTarget: { files } }) => files?.[0] && void readPicture(files[0])}
        />
      </div>
      {isFilming ? (
        <Camera
          onCode={(scanned) => {
            setFilming(false)
            onCode(scanned)
          }}
          onProblem={(reason) => {
            setFilming(false)
            setProblem(reason)
          }}
        />
      ) : (
        <div class="buttons">
          <button type="button" class="quiet" onClick={() => (setProblem(''), setFilming(true))}>
            Scan with the camera
          </button>
        </div>
      )}
      {problem && (
        <p class="message message-error" role="alert">
          {problem}
        </p>
      )}
      <Field label="Or paste the code" value={code} onValue={onCode} isRequired={false} autocomplete="off" />
    </>
  )
}

const FRAME_MS = 150

interface CameraProps {
  readonly onCode: (code: string) => void
  readonly onProblem: (reason: string) => void
}

/** Shows the camera's picture until there is a code in it. The picture leaves this page nowhere. */
function Camera({ onCode, onProblem }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    let stream: MediaStream | undefined
    const over = new AbortController()
    const { signal } = over
    const film = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      const player = video.current
      if (signal.aborted || player === null) return
      player.srcObject = stream
      await player.play()
      while (!signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, FRAME_MS))
        const code = await createImageBitmap(player).then(decode, () => undefined)
        if (code !== undefined && !signal.aborted) return onCode(code)
      }
    }
    film()
      .catch(() => signal.aborted || onProblem('The camera cannot be used here. Allow it, or use a picture.'))
      .finally(() => stream?.getTracks().forEach((track) => track.stop()))
    return () => over.abort()
  }, [])
  return <video ref={video} class="camera" muted playsInline aria-label="Picture of the camera" />
}

/** @throws {Error} if there is no code in the picture */
async function decode(picture: ImageBitmap): Promise<string> {
  const { default: decodeQR } = await import('qr/decode.js')
  const canvas = document.createElement('canvas')
  canvas.width = picture.width
  canvas.height = picture.height
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.drawImage(picture, 0, 0)
  picture.close()
  return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height))
}
