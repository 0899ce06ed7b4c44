// A plain REST upstream on the loopback interface: documents without entity tags, as many an API has them.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Upstream {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Upstream> {
    const documents = new Map<string, string>();
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const path = request.url ?? '/';
      if (request.method === 'PUT') documents.set(path, body);
      response.writeHead(200, { 'content-type': 'application/json' }).end(documents.get(path) ?? '{"n":0}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Upstream(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
