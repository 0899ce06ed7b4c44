// The real binary for a test: started on free ports with an empty data directory, stopped and removed afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env['WEIR_BIN'] ?? join(import.meta.dirname, '../../target/debug/weir');
const anyPort = '127.0.0.1:0';

export class Weir {
  private constructor(
    private readonly process: ChildProcess,
    private readonly dataDir: string,
    readonly portal: string,
    readonly gateway: string,
  ) {}

  static async start(): Promise<Weir> {
    const dataDir = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
    const listen = ['--gateway-listen', anyPort, '--admin-listen', anyPort, '--ops-listen', anyPort];
    const child = spawn(binary, ['run', '--data-dir', dataDir, ...listen], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line);
      if (said.event !== 'listening') continue;
      return new Weir(child, dataDir, `http://${said.admin}`, `http://${said.gateway}`);
    }
    throw new Error(`${binary} ended before it listened`);
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** The address with the one-time token. */
  setupLink(): string {
    return readFileSync(join(this.dataDir, 'setup-link'), 'utf8').trim();
  }

  /** The first start's token of the admin API. */
  token(): string {
    return readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
  }

  /** One call to the admin API with the first start's token; a refusal fails the test. */
  async admin<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const answer = await fetch(`${this.portal}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token()}`, 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** One chat through the data plane, as an application calls it. */
  chat(key: string, model: string, content: string): Promise<Response> {
    return fetch(`${this.gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
    });
  }
}

export const person = { name: 'Ada Lovelace', email: 'ada@example.com', password: 'correct horse battery' };
