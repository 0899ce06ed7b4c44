// Shapes of the admin API that the pages use.

export interface Resource<S = unknown> {
  kind: string;
  id: string;
  team: string;
  version: number;
  created_at: string;
  updated_at: string;
  updated_by: string;
  spec: S;
}

export interface ProviderKey {
  id: string;
  secret: string;
  weight?: number;
  priority?: number;
}
export interface ModelDeclaration {
  id: string;
  context?: number;
  max_output_tokens?: number;
}
export type Protocol = 'openai' | 'anthropic' | 'demo';
export interface Provider {
  name?: string;
  protocol: Protocol;
  base_url?: string;
  catalog?: string;
  keys?: ProviderKey[];
  models?: ModelDeclaration[];
  headers?: Record<string, string>;
  timeouts?: { connect_ms: number; first_byte_ms: number; idle_ms: number; total_ms: number };
  allow_private_address?: boolean;
  no_stream_options?: boolean;
  disabled?: boolean;
}
export interface ModelTarget {
  provider: string;
  model: string;
  priority?: number;
  weight?: number;
}
export interface ModelRoute {
  model?: string;
  description?: string;
  targets: ModelTarget[];
  retry?: { max_attempts: number; on: string[]; cooldown_ms: number };
  strict?: boolean;
}
export interface Application {
  name?: string;
  description?: string;
  models: string[];
  services: string[];
  disabled?: boolean;
}
export interface ApiKey {
  application: string;
  name?: string;
  hash?: string;
  expires_at?: string;
  models?: string[];
  services?: string[];
  revoked?: boolean;
}
export interface Specs {
  teams: { name?: string; description?: string };
  providers: Provider;
  'model-routes': ModelRoute;
  services: { name?: string; description?: string };
  applications: Application;
  'api-keys': ApiKey;
}
export type Collection = keyof Specs;

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
export interface Tokens {
  input_uncached: number;
  cache_read: number;
  cache_write_5m: number;
  cache_write_1h: number;
  output_text: number;
  reasoning: number;
  audio_in: number;
  audio_out: number;
  image_in: number;
  image_out: number;
}
export interface Overview {
  checklist: { provider: boolean; playground: boolean; key: boolean; called: boolean };
  counts: { providers: number; model_routes: number; applications: number; api_keys: number };
  last_24h: {
    requests: number;
    errors: number;
    tokens: number;
    cost: number;
    unpriced: number;
    p50_us?: number;
    p99_us?: number;
  };
}
export interface UsageRow {
  group: string;
  bucket: string | number;
  requests: number;
  errors: number;
  unpriced: number;
  cost: number;
  tokens: Tokens;
  p50_us: number;
  p90_us: number;
  p99_us: number;
}
export interface UsageReport {
  from: string;
  to: string;
  rows: UsageRow[];
}
export type Outcome =
  | 'ok'
  | 'refused'
  | 'upstream_error'
  | 'connect_failed'
  | 'timeout'
  | 'cut'
  | 'aborted'
  | 'internal';
export interface Usage {
  tokens: Tokens;
  source: 'none' | 'provider' | 'estimated' | 'mixed';
}
export interface RequestRow {
  id: string;
  node: string;
  at: number | string;
  duration_us: number;
  upstream_us: number;
  first_byte_us?: number | null;
  traffic: 'ai' | 'rest';
  team: string;
  application: string;
  key: string;
  method: string;
  path: string;
  service: string;
  route: string;
  dialect?: string | null;
  model: string;
  provider: string;
  upstream_model: string;
  stream: boolean;
  status: number;
  outcome: Outcome;
  error: string;
  usage: Usage;
  cost?: number | null;
  request_bytes: number;
  response_bytes: number;
  dropped?: string[];
}
export interface Attempt {
  number: number;
  provider: string;
  provider_key: string;
  target: string;
  started_us: number;
  first_byte_us?: number | null;
  duration_us: number;
  status: number;
  outcome: Outcome;
  error: string;
  usage: Usage;
  cost?: number | null;
  price: string;
}
export type RequestDetail = RequestRow & { attempts?: Attempt[] };
export interface AuditEntry {
  seq: number;
  at: number | string;
  actor: string;
  action: string;
  kind: string;
  id: string;
  before?: unknown;
  after?: unknown;
}
export interface CallableModel {
  id: string;
  kind?: string;
  provider?: string;
}
export interface CatalogProvider {
  id: string;
  name: string;
  protocol: Protocol;
  base_url: string;
  key_env?: string | null;
  models: Record<string, unknown>;
}
export interface System {
  version: string;
  revision: number;
  gateway_url: string;
  node: string;
}
export interface TestResult {
  ok: boolean;
  latency_ms: number;
  models: string[];
  message: string;
}
