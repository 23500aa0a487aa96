/** A whole number from the query, within bounds. */
export function pageNumber(url: URL, name: string, fallback: number, most: number): number {
  const given = Number.parseInt(url.searchParams.get(name) ?? '', 10);
  return Number.isNaN(given) ? fallback : Math.min(Math.max(given, 0), most);
}
