// Reordering of lists.

/** The list with `item` at place `to`, from 0; what is not in the list changes nothing. */
export function moved<Item>(list: readonly Item[], item: Item, to: number): readonly Item[] {
  if (!list.includes(item)) return list;
  const others = list.filter((other) => other !== item);
  const place = Math.min(others.length, Math.max(0, to));
  return [...others.slice(0, place), item, ...others.slice(place)];
}
