// Short names for the schemas of the admin API's document.
import type { components, operations } from './schema';

type Schemas = components['schemas'];

/** The document calls every field of these required; in fact what stands at its default is left out, both ways. */
type Sparse<T, Always extends keyof T> = Pick<T, Always> & Partial<Omit<T, Always>>;

export type Application = Sparse<Schemas['Application'], 'models' | 'services'>;
export type ApiKey = Sparse<Schemas['ApiKey'], 'application'>;

export type RequestLog = Schemas['RequestLog'];
export type Team = Partial<Omit<Schemas['Team'], 'request_log'>> & { request_log?: RequestLog };

export type Provider = Schemas['Provider'];
export type ProviderKey = Schemas['ProviderKey'];
export type ModelDeclaration = Schemas['ModelDeclaration'];
export type Protocol = Schemas['Protocol'];
export type ModelRoute = Omit<Schemas['ModelRoute'], 'retry'> & { retry?: Partial<Schemas['Retry']> };
/** Rates of the catalogue; parts that say nothing are left out. */
export interface CatalogRates {
  per_million?: Partial<Schemas['PerMillion']>;
  per_unit?: Partial<Schemas['PerUnit']>;
  context_tiers?: { above: number; per_million: Partial<Schemas['PerMillion']> }[] | null;
}
/** What a model of the catalogue costs from a day on. */
export type CatalogPrice = Pick<Schemas['CatalogPrice'], 'effective_from' | 'source'> &
  CatalogRates & {
    service_tiers?: Record<string, CatalogRates>;
    multipliers?: Partial<Schemas['Multipliers']>;
  };
export type CatalogModel = Omit<Sparse<Schemas['CatalogModelView'], 'provider' | 'id'>, 'prices'> & {
  prices?: CatalogPrice[];
};
export type HealthCheck = Schemas['HealthCheck'];
export type TargetState = Schemas['TargetState'];
export type ShadowState = Schemas['ShadowState'];
export type KeyState = Schemas['KeyState'];
export type ModelTarget = Schemas['ModelTarget'];
export type Tokens = Schemas['Tokens'];
export type Overview = Schemas['Overview'];
export type UsageReport = Schemas['UsageReport'];
export type UsageRow = Schemas['UsageReportRow'];
export type RequestRow = Schemas['RequestView'];
export type RequestDetail = Schemas['RequestDetail'];
export type RequestBodies = Schemas['RequestBodies'];
export type KeptBody = Schemas['Body'];
export type Attempt = Schemas['AttemptView'];
export type HistoryEntry = Schemas['HistoryView'];
export type AuditEntry = Schemas['AuditEntry'];
export type CallableModel = Schemas['CallableModel'];
export type CatalogProvider = Schemas['CatalogEntry'];
export type System = Schemas['System'];
export type TestResult = Schemas['ProbeResult'];
export type Session = Schemas['SessionView'];

export type Service = Partial<Schemas['Service']>;
export type Route = Schemas['Route'];

export const heldKinds = ['locks', 'leases', 'keys', 'limits'] as const;
export type HeldKind = (typeof heldKinds)[number];
/** Something that a conflict store holds. What a kind does not have is absent. */
export interface HeldEntry {
  store: string;
  kind: string;
  id: string;
  /** What it is of: a resource, or a key that was sent. */
  label?: string | null;
  mode?: string | null;
  owner?: string | null;
  team?: string | null;
  note?: string | null;
  fence?: number | string | null;
  expires_at?: string | number | null;
  state?: string | null;
  status?: number | null;
  taken?: number | null;
  limit?: number | null;
}

export interface HeldPage {
  items: HeldEntry[];
  next_cursor: string | null;
  /** The stores that were looked into, and why one could not be. */
  stores?: { id: string; problem?: string | null }[];
  /** What cannot be seen from here. */
  notes?: string[];
}

export interface SimulationRequest {
  host?: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  application?: string;
  /** The entity tag of the resource's current version. */
  current?: string;
}
/** A refusal of a conflict policy (RFC 9457), as far as it is shown. */
export interface ConflictProblem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  resolve?: {
    action?: string;
    safe_to_retry_unchanged?: boolean;
    retry_after_ms?: number;
    fetch?: { method: string; href: string };
    then_send?: Record<string, string>;
    docs?: string;
  };
}
export interface SimulationStep {
  policy: string;
  stage: string;
  verdict: string;
  status?: number | null;
  why: string;
  problem?: ConflictProblem | null;
}
export interface Simulation {
  route?: string | null;
  resource?: string | null;
  steps: SimulationStep[];
  answer: { status?: number | null; headers?: Record<string, string> | null; from?: string | null };
}

export type UsageQuery = NonNullable<operations['report']['parameters']['query']>;
export type RequestQuery = NonNullable<operations['list_requests']['parameters']['query']>;

/** The content of each kind that the portal edits, by the collection that stands in addresses. */
export interface Specs {
  providers: Schemas['Provider'];
  'model-routes': ModelRoute;
  services: Service;
  routes: Route;
  upstreams: Schemas['Upstream'];
  'conflict-stores': Schemas['ConflictStore'];
  teams: Team;
  applications: Application;
  'api-keys': ApiKey;
}
export type Collection = keyof Specs;

/** The envelope is the same for every kind; only `kind` and `spec` differ. */
export type Resource<S = unknown> = Omit<Schemas['ProviderResource'], 'kind' | 'spec'> & { kind: string; spec: S };

export interface MadeKey {
  /** The whole key, shown this once. */
  key: string;
  api_key: Resource<ApiKey>;
}

export const outcomes = [
  'ok',
  'refused',
  'upstream_error',
  'connect_failed',
  'timeout',
  'cut',
  'aborted',
  'internal',
] as const;
export type Outcome = (typeof outcomes)[number];

/** What became of an answer whose caller left before its end. */
export const aborted = ['cut', 'drained', 'truncated'] as const;
export type Aborted = (typeof aborted)[number];

export const usageSources = ['none', 'provider', 'estimated', 'mixed'] as const;
export type UsageSource = (typeof usageSources)[number];

/** One of the words that the document lists in prose only; undefined for one that is newer than this portal. */
export function known<T extends string>(words: readonly T[], word: string): T | undefined {
  return words.find((candidate) => candidate === word);
}
