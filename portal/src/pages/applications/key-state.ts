// Whether a key works now, and for how long still.
import type { ApiKey } from '../../api/types';

export type KeyStateName = 'active' | 'expiring' | 'expired' | 'revoked';

const week = 7 * 86_400_000;

export function keyState(spec: Pick<ApiKey, 'revoked' | 'expires_at'>, now: number): KeyStateName {
  if (spec.revoked) return 'revoked';
  if (!spec.expires_at) return 'active';
  const left = new Date(spec.expires_at).getTime() - now;
  if (left <= 0) return 'expired';
  return left < week ? 'expiring' : 'active';
}
