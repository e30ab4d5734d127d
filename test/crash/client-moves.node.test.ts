import { describeMatrix } from './support/describe-matrix.ts'
import { FAULTS } from './support/matrix.ts'

describeMatrix(FAULTS.moves)
