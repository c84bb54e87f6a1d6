/** A cart is one session field per update. */
import type { Session } from '@evenkeel/session-store';

/** Item by update. */
export function cartOf(session: Session): Record<string, string> {
  const updates = Object.entries(session).filter(([field]) => field.startsWith('item_'));
  return Object.fromEntries(updates.map(([field, item]) => [field.slice('item_'.length), String(item)]));
}
