// All of wagmi as one value: tests that use it are type-checked as far as its types are there.
import * as wagmi from '@wagmi/core'

export { wagmi }
