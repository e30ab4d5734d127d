/** Maximum number of rows that a statement reads or deletes, so that none takes long. */
export const PAGE = 500

/** Calls `runPage` until it returns less than a full page. It processes at most a page of rows, and returns them. */
export async function inPages(runPage: () => Promise<readonly unknown[]>): Promise<void> {
  while ((await runPage()).length >= PAGE);
}
