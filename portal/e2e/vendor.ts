// A vendor that speaks the OpenAI protocol on the loopback interface, and can be slow, break off or refuse.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const rightKey = 'sk-vendor-right-0123456789';

export class Vendor {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Vendor> {
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Vendor(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const models = ['plain', 'slow', 'failing', 'cutting'];

async function answer(request: IncomingMessage, response: ServerResponse) {
  if (request.headers.authorization !== `Bearer ${rightKey}`) {
    return refuse(response, 401, 'Incorrect API key provided.', 'invalid_api_key');
  }
  if (request.method === 'GET' && request.url === '/v1/models') {
    return json(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) });
  }
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    return refuse(response, 404, `Unknown request URL: ${request.method} ${request.url}.`, 'unknown_url');
  }
  const body = JSON.parse(await read(request)) as { model: string; stream?: boolean };
  if (!body.stream) return json(response, 200, whole(body.model));
  await stream(response, body.model);
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const refuse = (response: ServerResponse, status: number, message: string, code: string) =>
  json(response, status, { error: { message, type: 'invalid_request_error', param: null, code } });

const usage = { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 };
const head = (model: string) => ({ id: 'chatcmpl-1', created: 1_700_000_000, model });

const whole = (model: string) => ({
  ...head(model),
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Four words of answer.' }, finish_reason: 'stop' }],
  usage,
});

async function stream(response: ServerResponse, model: string) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (event: unknown) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    send({ ...head(model), object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] });
  chunk({ role: 'assistant', content: '' });
  const words = model === 'slow' ? 400 : 4;
  for (let word = 1; word <= words && !response.closed; word += 1) {
    chunk({ content: `word${word} ` });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (model === 'cutting') return void response.destroy();
  if (model === 'failing') {
    send({ error: { message: 'The engine is overloaded.', type: 'server_error', param: null, code: null } });
    return void response.end();
  }
  chunk({}, 'stop');
  send({ ...head(model), object: 'chat.completion.chunk', choices: [], usage });
  response.end('data: [DONE]\n\n');
}
