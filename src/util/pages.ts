/** How many rows a statement reads, or deletes, at a time: however many there are, none takes long. */
export const PAGE = 500

/** Repeats what does something to a page of rows at most, and gives them, until there is no whole page left. */
export async function inPages(runPage: () => Promise<readonly unknown[]>): Promise<void> {
  while ((await runPage()).length >= PAGE);
}
